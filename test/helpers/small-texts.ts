/**
 * Small texts as people bring them, made by a few templates: so that what a model writes can be checked line by line.
 * Everything is of our own making and free.
 */

/** Templates with slots in braces, and what the slots hold. */
interface Templates {
  readonly lines: readonly string[];
  readonly words: Readonly<Record<string, readonly string[]>>;
}

export interface SmallText {
  readonly text: string;
  /** Whether a line could have come from the templates. */
  readonly valid: (line: string) => boolean;
}

/** mulberry32: the same numbers for the same seed. */
function randomOf(seed: number): () => number {
  let a = seed | 0;
  return () => {
    a = (a + 0x6d2b79f5) | 0;
    let t = Math.imul(a ^ (a >>> 15), 1 | a);
    t = (t + Math.imul(t ^ (t >>> 7), 61 | t)) ^ t;
    return ((t ^ (t >>> 14)) >>> 0) / 2 ** 32;
  };
}

const pick = <T>(all: readonly T[], random: () => number): T => all[Math.floor(random() * all.length)];
const list = (words: string): string[] => words.split(' ');
const SLOT = /\{(\w+)\}/g;
const escaped = (text: string): string => text.replace(/[.*+?^${}()|[\]\\]/g, '\\$&');

const fill = ({ lines, words }: Templates, random: () => number): string =>
  pick(lines, random).replace(SLOT, (_, slot: string) => pick(words[slot], random));

function checkOf({ lines, words }: Templates): (line: string) => boolean {
  const patterns = lines.map((line) =>
    line
      .split(SLOT)
      .map((part, i) => (i % 2 === 0 ? escaped(part) : `(?:${words[part].map(escaped).join('|')})`))
      .join(''),
  );
  const all = new RegExp(`^(?:${patterns.join('|')})$`, 'u');
  return (line) => all.test(line);
}

const utf8 = new TextEncoder();

/** Units of a text until it has so many bytes. */
function gather(bytes: number, unit: () => string, between: string): string {
  const units: string[] = [];
  for (let size = 0; size < bytes; ) {
    units.push(unit());
    size += utf8.encode(units.at(-1)! + between).length;
  }
  return units.join(between) + '\n';
}

const NAMES: Templates = {
  lines: [
    '{on}{an}{en}',
    '{on}{an}{an}{en}',
    '{iw}{iv}{is}',
    '{jw}{jm}{je}',
    '{jw}{jm}{jm}',
    '{bw}{bm}{bs}',
    '{bw}{bm}{bm}{bs}',
  ],
  words: {
    on: list('Al Be Ca Da El Fe Ga Ha Is Ja Ka Le Ma Na Or Pe Ro Sa Te Va'),
    an: list('ri le na mo si be ta du lo mi'),
    en: list('a us an el ia is on or ette ine'),
    iw: list('Bran Cael Dun Fion Mor Ro Sean Tar Gwen Llew'),
    iv: list('a e i o wy'),
    is: list('gan lyn rick wen nan dach more dred'),
    jw: list('Aki Haru Ken Mi Na Sato Taka Yo Yuki Hi'),
    jm: list('no mi ha ko ro'),
    je: list('ko ra to ki shi ru'),
    bw: list('Bor Dra Mila Rado Sla Vlad Yaro Zora'),
    bm: list('mi go ve no'),
    bs: list('slav mir lina ka dan'),
  },
};

/** Names, one a line, none twice, sorted. */
export function names(count: number, seed = 1): SmallText {
  const random = randomOf(seed);
  const all = new Set<string>();
  while (all.size < count) all.add(fill(NAMES, random));
  return { text: [...all].sort().join('\n') + '\n', valid: checkOf(NAMES) };
}

const CHINESE: Templates = {
  lines: [
    '{place}{weather}，{who}{act}{thing}。',
    '{who}在{place}{act}{thing}，{feeling}。',
    '{time}，{place}的{thing}{state}。',
    '{time}{who}{feeling}，因为{thing}{state}。',
    '“{thing}{state}。”{who}{time}说。',
  ],
  words: {
    place: list('山上 河边 城里 村口 桥下 花园里 屋顶上 海边 树林中 小路旁 学校里 市场上 湖心 田野间'),
    weather: list('下着雨 刮着风 飘着雪 阳光很好 起了雾 月亮很圆 星星很亮 云很低'),
    who: list('老王 小明 妈妈 渔夫 农民 老师 小姑娘 诗人 铁匠 邻居 爷爷 船长 旅人 猎人'),
    act: list('看着 找到了 拿起 画了 卖掉了 想念 藏起 带来 种下 忘了 修好了 守着'),
    thing: list('一只白猫 那本旧书 三条鱼 一盏灯 红色的伞 一匹马 古老的钟 半块饼 一封信 青色的茶杯 一朵莲花 破船'),
    feeling: list('心里很高兴 觉得有点冷 慢慢笑了 一句话也没说 想起了故乡 忽然哭了 很久不能睡'),
    time: list('早晨 傍晚 半夜 春天 秋天 去年冬天 第二天 天亮以前'),
    state: list('不见了 还在那里 变得很安静 发出微光 被雨打湿了 比从前更美 慢慢地老了'),
  },
};

/** Chinese prose in paragraphs of one to four sentences, one document. */
export function chinese(bytes: number, seed = 1): SmallText {
  const random = randomOf(seed);
  const paragraph = (): string =>
    Array.from({ length: 1 + Math.floor(random() * 4) }, () => fill(CHINESE, random)).join('\n');
  return { text: gather(bytes, paragraph, '\n\n'), valid: checkOf(CHINESE) };
}

const JAPANESE: Templates = {
  lines: [
    '{who}は{place}で{thing}を{act}。',
    '{time}、{who}は{thing}を{act}。',
    '{place}の{thing}は{state}。',
    '「{thing}は{state}。」と{who}が言った。',
    '{time}になると、{place}に{who}が来る。',
  ],
  words: {
    who: list('おばあさん 少年 先生 猫 タクシーの運転手 パン屋 漁師 妹 友だち 医者 旅人 ピアニスト'),
    place: list('駅 公園 古い寺 川のそば 台所 図書館 海岸 レストラン 山の上 学校 雪の村'),
    thing: list('傘 赤いりんご 手紙 カメラ 本 小さな箱 コーヒー 地図 白い花 ギター 時計 切符'),
    act: list('見つけた なくした 買った 待っていた 忘れた 直した 描いた 送った 大切にしている'),
    time: list('朝 夕方 春 夏休み 雨の日 三年前 真夜中 日曜日'),
    state: list('とても静かだった もう古い きれいだ どこにもない 少し重い まだ新しい 冷たかった'),
  },
};

/** Japanese prose, a sentence a line, paragraphs apart, one document. */
export function japanese(bytes: number, seed = 1): SmallText {
  const random = randomOf(seed);
  const paragraph = (): string =>
    Array.from({ length: 2 + Math.floor(random() * 3) }, () => fill(JAPANESE, random)).join('\n');
  return { text: gather(bytes, paragraph, '\n\n'), valid: checkOf(JAPANESE) };
}

const POEMS: Templates = {
  lines: [
    'The {adj} {noun} is {doing} on the {place},',
    'And {adj} is the {noun} that {does} by the {place};',
    'I saw a {noun} {doing} in the {adj} {time},',
    'O {adj} {noun}, who {does} where the {place} ends,',
    'While {adj} and {adj} the {noun} was {doing} still.',
  ],
  words: {
    adj: list('silver weary golden quiet bitter gentle ancient hollow burning tender wandering crimson'),
    noun: list('river sparrow lantern willow shepherd moon meadow stranger winter fiddle garden swallow tower'),
    doing: list('singing sleeping fading dancing waiting falling burning weeping drifting turning'),
    does: list('sings sleeps wakes dances waits falls burns weeps drifts turns'),
    place: list('hill shore orchard valley window road harbour bridge snow stone'),
    time: list('morning evening twilight spring autumn rain'),
  },
};

/** Poems of four lines with a blank line between them. */
export function poems(bytes: number, seed = 1): SmallText {
  const random = randomOf(seed);
  const poem = (): string => Array.from({ length: 4 }, () => fill(POEMS, random)).join('\n');
  return { text: gather(bytes, poem, '\n\n'), valid: checkOf(POEMS) };
}

const CHAT: Templates = {
  lines: [
    '{who}: {hello} {emoji}',
    '{who}: are you {doing} {time}?',
    '{who}: no, I am {doing} with {friend} {emoji}{emoji}',
    '{who}: ok, see you {time} {emoji}',
    '{who}: did you see the {thing}? {emoji}',
    '{who}: haha yes, the {thing} was {adj} {emoji}',
    '{who}: can you bring the {thing} {time}?',
  ],
  words: {
    who: ['Anna', 'José', 'Mei'],
    hello: ['hi!', 'good morning', 'hey you', 'hello there'],
    emoji: list('😂 ❤️ 👍 🎉 😭 🐱 ☕ 🌧️ 🙈 🚲 👩‍🍳 🇧🇷'),
    doing: list('cooking working sleeping swimming reading studying travelling cleaning'),
    time: ['tonight', 'tomorrow', 'on Friday', 'at six', 'next week', 'after lunch'],
    friend: list('Bruno grandma Lucas Sofia Tom'),
    thing: list('cat film cake photo bike match letter keys sofa'),
    adj: list('great terrible huge lovely funny late cold'),
  },
};

/** A messenger's export, a time on each line. */
export function chat(bytes: number, seed = 1): SmallText {
  const random = randomOf(seed);
  let minute = 0;
  const two = (n: number): string => String(n).padStart(2, '0');
  const message = (): string => {
    minute += 1 + Math.floor(random() * random() * 240);
    const [day, hour] = [Math.floor(minute / 1440), Math.floor(minute / 60) % 24];
    const date = `${two(1 + (day % 28))}/${two(1 + (Math.floor(day / 28) % 12))}/${2021 + Math.floor(day / 336)}`;
    return `${date}, ${two(hour)}:${two(minute % 60)} - ${fill(CHAT, random)}`;
  };
  return { text: gather(bytes, message, '\n'), valid: checkOf(CHAT) };
}

const PROSE: Templates = {
  lines: [
    'The {adj} {who} {did} the {thing} {where}.',
    'One {time} the {who} {did} a {adj} {thing}.',
    '"Where is my {thing}?" asked the {who}.',
    'Nobody knew why the {thing} was {where}.',
    'It was {adj}, and the {who} went home {where}.',
  ],
  words: {
    adj: list('old tired clever small happy strange brave'),
    who: list('baker miller queen soldier fox child tailor'),
    did: list('found hid painted sold dropped mended'),
    thing: list('key boat hat ring cake drum mirror'),
    where: ['by the river', 'in the dark', 'under the bridge', 'behind the mill', 'near the sea'],
    time: list('morning evening day night'),
  },
};

/** English prose in paragraphs, one document. */
export function prose(bytes: number, seed = 1): SmallText {
  const random = randomOf(seed);
  const paragraph = (): string =>
    Array.from({ length: 3 + Math.floor(random() * 3) }, () => fill(PROSE, random)).join(' ');
  const valid = checkOf(PROSE);
  const sentences = (line: string): boolean =>
    (line.match(/[^.?]*[.?]"?(?: asked[^.]*\.)?\s*/g) ?? [line]).every((s) => valid(s.trim()));
  return { text: gather(bytes, paragraph, '\n\n'), valid: sentences };
}

/** Lines that say something. */
export const linesOf = (text: string): string[] =>
  text
    .split('\n')
    .map((line) => line.trim())
    .filter((line) => line !== '');

/** Share of those for which something is so; 0 of none. */
export const share = <T>(all: readonly T[], is: (one: T) => boolean): number =>
  all.filter(is).length / Math.max(1, all.length);

const WORDS = /[\p{L}\p{M}]+/gu;

/** Share of the words of a text that another does not have. */
export function inventedWords(text: string, known: string): number {
  const there = new Set(known.toLowerCase().match(WORDS));
  return share(text.toLowerCase().match(WORDS) ?? [], (word) => !there.has(word));
}

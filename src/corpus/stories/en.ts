import { entities, type Step, type StoryGrammar } from './grammar.js';

// Steps told by several plots. Sharing them keeps the language small and regular, so that a model of
// 40,000 ternary weights can learn it, and makes the plots differ where they have something to tell.
const open: Step = {
  id: 'open',
  templates: [
    'Once upon a time there was a {good} {girl} named {hero!}.',
    'Once there was a {good} {girl} named {hero!}.',
    'There was a {good} {girl} named {hero!}.',
    '{hero!} was a {good} {girl}.',
  ],
};
const own: Step = {
  id: 'own',
  templates: [
    '{hero} had a {colour} {toy!}.',
    '{He} had a {colour} {toy!}.',
    '{hero} loved {his} {colour} {toy!}.',
  ],
};
const dear: Step = {
  id: 'dear',
  chance: 0.5,
  templates: [
    '{He} played with the {toy} every day.',
    '{hero} played with the {toy} all day.',
    'It was {his} best toy.',
  ],
};
const sad: Step = {
  id: 'sad',
  chance: 0.8,
  templates: ['{hero} was very {sad}.', '{He} was {sad}.', '{hero} felt {sad}.'],
};
const askHelp: Step = {
  id: 'ask help',
  templates: [
    '{hero} asked {his} {kin!} for help.',
    '{His} {kin!} came to help.',
    '{His} {kin!} said, "I can help you!"',
  ],
};
const thank: Step = {
  id: 'thank',
  chance: 0.7,
  templates: ['{hero} said, "Thank you!"', '{hero} hugged {his} {kin}.', '{He} gave {his} {kin} a big hug.'],
};
const wait: Step = {
  id: 'wait',
  chance: 0.6,
  templates: ['{hero} waited and waited.', '{hero} waited for a long time.'],
};
const playTogether: Step = {
  id: 'play together',
  templates: [
    '{hero} and {friend} played with the {toy}.',
    '{hero} and {friend} played together all day.',
    'They played with the {toy} together.',
  ],
};
const endFriends: Step = {
  id: 'end with a friend',
  templates: [
    '{hero} and {friend} were very {happy}.',
    '{hero} and {friend} were good friends.',
    'They laughed and had a lot of fun.',
  ],
};
const end: Step = {
  id: 'end',
  templates: [
    '{hero} was very {happy}.',
    '{hero} went home with a big smile.',
    'That night, {hero} went to bed {happy}.',
    'It was a good day for {hero}.',
  ],
};

const newParagraph = (step: Step): Step => ({ ...step, chance: 1, paragraph: true });

/** English. Pronouns always mean the hero; each story has one hero and at most one of every other variable. */
export const en: StoryGrammar = {
  lang: 'en',
  variables: {
    hero: [...entities('f', 'Lily Anna Sue Mia'), ...entities('m', 'Tom Ben Max Sam')],
    friend: [...entities('f', 'Nina Kate'), ...entities('m', 'Bob Jack')],
    kin: [...entities('f', 'mom grandma'), ...entities('m', 'dad grandpa')],
    toy: entities('m', 'ball doll kite truck boat drum'),
    food: entities('m', 'cake pie pizza'),
    plant: entities('m', 'flower carrot tomato tree'),
    animal: entities('m', 'cat dog bird rabbit frog duck'),
    fear: entities('m', 'big_slide dark_room old_bridge deep_pool'),
  },
  selfIntroducing: ['kin'],
  forms: {
    girl: ['boy', 'girl'],
    he: ['he', 'she'],
    his: ['his', 'her'],
    him: ['him', 'her'],
  },
  lists: {
    good: ['little', 'kind', 'happy', 'small', 'good', 'brave', 'funny', 'clever'],
    colour: ['red', 'blue', 'green', 'yellow', 'pink', 'white', 'big', 'small', 'new', 'pretty'],
    sad: ['sad', 'upset', 'unhappy', 'worried'],
    happy: ['happy', 'glad', 'proud', 'cheerful'],
    hour: ['day', 'morning', 'afternoon'],
    day: ['day', 'morning', 'afternoon', 'sunny day', 'summer day'],
    look: ['under the bed', 'behind the door', 'in the box', 'in the kitchen', 'under the table', 'in the bag', 'on the shelf',
      'behind the chair'],
    spot: ['in the garden', 'under a tree', 'near the gate', 'behind the house', 'in the grass', 'by the river', 'on the path',
      'next to a rock'],
    place: ['park', 'forest', 'farm', 'beach', 'lake', 'hill', 'market', 'field'],
    room: ['in the kitchen', 'in the bedroom', 'on the floor', 'on the carpet', 'near the window'],
    stuff: ['paper', 'wood', 'cloth', 'old boxes', 'glue and string'],
    need: ['hungry', 'cold', 'lost', 'scared', 'wet', 'thirsty'],
    feed: ['water', 'milk', 'bread', 'food', 'fruit', 'soup'],
    fine: ['warm', 'strong', 'well', 'safe', 'happy'],
    dry: ['flour', 'sugar', 'oats', 'cocoa'],
    wet: ['milk', 'butter', 'eggs', 'oil'],
    yummy: ['sweet', 'warm', 'soft', 'tasty', 'perfect', 'delicious'],
    number: ['three', 'five', 'ten'],
    grown: ['big', 'tall', 'beautiful', 'strong'],
  },
  plots: {
    'lost toy': [
      open, own, dear,
      newParagraph({
        id: 'lose',
        templates: [
          'One {day}, {hero} lost the {toy}.',
          'One {day}, the {toy} was gone.',
          'One {day}, {hero} could not find the {toy}.',
        ],
      }),
      sad,
      { id: 'look', templates: ['{hero} looked {look}.', '{He} looked {look}.', '{He} looked for the {toy} {look}.'] },
      { id: 'not there', chance: 0.6, templates: ['The {toy} was not there.', '{He} did not see the {toy}.'] },
      askHelp,
      newParagraph({
        id: 'find',
        templates: [
          '{His} {kin} found the {toy} {spot}.',
          'They found the {toy} {spot}.',
          'Then {hero} saw the {toy} {spot}.',
        ],
      }),
      thank, end,
    ],
    sharing: [
      open, own, dear,
      newParagraph({
        id: 'meet',
        templates: [
          'One {day}, {hero} met {friend!}.',
          'One {day}, {friend!} came to play.',
          'One {day}, {hero} saw {friend!} at the {place}.',
        ],
      }),
      {
        id: 'want',
        templates: [
          '{friend} said, "Can I play with the {toy}?"',
          '{friend} wanted to play with the {toy}.',
          '{friend} liked the {toy}.',
        ],
      },
      { id: 'no', templates: ['{hero} said, "No!"', '{hero} did not want to share.', '{hero} did not want to share the {toy}.'] },
      { id: 'friend sad', templates: ['{friend} was very {sad}.', '{friend} felt {sad}.', '{friend} started to cry.'] },
      newParagraph({
        id: 'give',
        templates: [
          'Then {hero} gave the {toy} to {friend}.',
          'Then {hero} said, "We can share the {toy}!"',
          'Then {hero} said, "You can play with the {toy}!"',
        ],
      }),
      { id: 'friend thanks', chance: 0.6, templates: ['{friend} said, "Thank you!"', '{friend} smiled.'] },
      playTogether, endFriends,
    ],
    'rainy day': [
      open,
      newParagraph({
        id: 'rain',
        templates: ['One {hour}, it started to rain.', 'One {hour}, it rained a lot.', 'It was a rainy day.'],
      }),
      { id: 'wish', templates: ['{hero} wanted to go to the {place}.', '{He} could not go to the {place}.'] },
      sad,
      { id: 'idea', templates: ['{His} {kin!} had an idea.', '{His} {kin!} said, "I have an idea!"'] },
      { id: 'make', templates: ['They made a {colour} {toy!}.', 'They made a {toy!} with {stuff}.'] },
      { id: 'play', templates: ['{hero} played with the {toy} {room}.', 'They played with the {toy} {room}.'] },
      newParagraph({ id: 'sun', templates: ['Then the sun came out.', 'Then the rain stopped.'] }),
      { id: 'out', chance: 0.6, templates: ['{hero} took the {toy} to the {place}.', '{hero} saw a rainbow in the sky.'] },
      end,
    ],
    'helping an animal': [
      open,
      newParagraph({
        id: 'walk',
        templates: ['One {day}, {hero} went to the {place}.', 'One {day}, {hero} walked to the {place}.'],
      }),
      { id: 'see', templates: ['{He} saw a little {animal!} {spot}.', '{hero} saw a little {animal!} {spot}.'] },
      {
        id: 'trouble',
        templates: ['The {animal} was very {need}.', 'The {animal} was {need}.', 'The {animal} could not find its home.'],
      },
      { id: 'offer', templates: ['{hero} said, "I can help you!"', '{hero} wanted to help the {animal}.'] },
      {
        id: 'care',
        templates: [
          '{He} gave the {animal} some {feed}.',
          '{hero} gave the {animal} some {feed}.',
          '{He} put the {animal} in a warm box.',
        ],
      },
      newParagraph({ id: 'better', templates: ['Soon the {animal} was {fine}.', 'Soon the {animal} felt better.'] }),
      {
        id: 'befriend',
        templates: ['{hero} and the {animal} were good friends.', 'The {animal} wanted to stay with {hero}.', '{hero} hugged the {animal}.'],
      },
      end,
    ],
    baking: [
      open,
      newParagraph({
        id: 'plan',
        templates: ['One {day}, {hero} wanted to make a {food!}.', 'One {day}, {hero} wanted to bake a {food!}.'],
      }),
      askHelp,
      { id: 'mix', templates: ['They mixed {dry} and {wet}.', '{hero} mixed {dry} and {wet}.', '{He} put {dry} in the bowl.'] },
      { id: 'mess', chance: 0.5, templates: ['{hero} had {dry} on {his} nose.', '{hero} dropped the {dry} on the floor.'] },
      { id: 'oven', templates: ['{His} {kin} put the {food} in the oven.', 'They put the {food} in the oven.'] },
      wait,
      newParagraph({ id: 'ready', templates: ['Soon the {food} was ready.', 'Then the {food} was ready.'] }),
      { id: 'taste', templates: ['The {food} was {yummy}.', 'The {food} was very {yummy}.', 'They ate the {food} together.'] },
      thank, end,
    ],
    'small fear': [
      open,
      { id: 'fear', templates: ['{hero} was afraid of the {fear!}.', '{He} was afraid of the {fear!}.', '{hero} did not like the {fear!}.'] },
      newParagraph({
        id: 'face',
        templates: ['One {day}, {hero} came to the {fear}.', 'One {day}, {hero} stood near the {fear}.'],
      }),
      { id: 'scared', templates: ['{He} wanted to run away.', '{hero} wanted to go home.', '{hero} started to cry.'] },
      { id: 'hand', templates: ['{His} {kin!} held {his} hand.', '{His} {kin!} said, "You can do it!"', '{His} {kin!} said, "I am here!"'] },
      { id: 'breath', templates: ['{hero} took a deep breath.', '{hero} counted to {number}.', '{hero} closed {his} eyes.'] },
      newParagraph({ id: 'try', templates: ['Then {hero} tried again.', 'Then {hero} said, "I can do it!"'] }),
      { id: 'not bad', templates: ['The {fear} was not so bad.', '{hero} was not afraid of the {fear} now.'] },
      { id: 'proud', chance: 0.6, templates: ['{His} {kin} was very proud of {him}.', '{He} gave {his} {kin} a big hug.'] },
      end,
    ],
    garden: [
      open,
      newParagraph({
        id: 'plant',
        templates: ['One {day}, {hero} planted a {plant!}.', 'One {day}, {hero} planted a little {plant!} in the garden.'],
      }),
      { id: 'water', templates: ['{He} gave the {plant} water every day.', '{hero} gave the {plant} some water.'] },
      wait,
      { id: 'small', templates: ['The {plant} was very small.', 'The {plant} did not grow.'] },
      sad,
      { id: 'patience', templates: ['{His} {kin!} said, "You can wait a little!"', '{His} {kin!} said, "The sun can help!"', '{His} {kin!} came to help.'] },
      newParagraph({ id: 'grow', templates: ['Soon the {plant} was {grown}.', 'Then the {plant} was very {grown}.', 'The {plant} grew and grew.'] }),
      { id: 'show', chance: 0.7, templates: ['{hero} showed the {plant} to {his} {kin}.', '{His} {kin} liked the {plant}.'] },
      end,
    ],
    gift: [
      open,
      { id: 'friend', templates: ['{hero} had a friend named {friend!}.', '{He} had a friend named {friend!}.'] },
      newParagraph({
        id: 'birthday',
        templates: ['One {day}, {friend} had a birthday.', 'One {day}, {hero} wanted to give a gift to {friend}.'],
      }),
      { id: 'make', templates: ['{hero} made a {colour} {toy!}.', '{He} made a {toy!} with {stuff}.', '{hero} found a {colour} {toy!} at the market.'] },
      { id: 'wrap', chance: 0.7, templates: ['{He} put the {toy} in a {colour} box.', '{hero} put the {toy} in a {colour} bag.'] },
      newParagraph({ id: 'give', templates: ['Then {hero} gave the {toy} to {friend}.', 'Then {hero} said, "This is for you!"'] }),
      { id: 'friend thanks', templates: ['{friend} said, "Thank you!"', '{friend} liked the {toy}.', '{friend} smiled.'] },
      playTogether, endFriends,
    ],
  },
};

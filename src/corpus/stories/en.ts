import { cast, paragraph, step, valuesOf, type Plot, type StoryGrammar } from './grammar.js';

// Written for a model of 40,000 ternary weights. Sentences are few and regular, the hero is named in nearly each of
// them, several plots share steps, and of each list what comes first is told most often. Every plot has casts of its
// own, a girl's and a boy's, each with their things, so that little has to be remembered to keep a story consistent.
const open = step('open', 'Once there was a {good} {girl} named {hero!}.', '{hero!} was a {good} {girl}.');
const own = step('own', '{hero} had a {colour} {toy!}.', '{He} had a {colour} {toy!}.');
const sad = step('sad', '{hero} was very {sad}.', '{He} was very {sad}.', '{hero} started to cry.');
const askHelp = step('ask help', '{hero} asked {his} {kin!} for help.', '{His} {kin!} came to help {hero}.');
const thank = step('thank', '{hero} said, "Thank you!"', '{hero} gave {his} {kin} a big hug.');
const end = step(
  'end',
  '{hero} was very {happy}.',
  '{hero} went home with a big smile.',
  'It was a good day for {hero}.',
);

const plots: Readonly<Record<string, Plot>> = {
  'lost toy': {
    casts: [cast({ hero: 'f:Lily', toy: 'ball', kin: 'f:mom' }), cast({ hero: 'm:Tom', toy: 'truck', kin: 'm:dad' })],
    steps: [
      open,
      own,
      paragraph('lose', 'One {day}, {hero} lost the {toy}.', 'One {day}, {hero} could not find the {toy}.'),
      sad,
      step('look', '{hero} looked {look}.', '{hero} looked for the {toy} {look}.'),
      askHelp,
      paragraph('find', 'Then {hero} saw the {toy} {spot}.', 'Then {hero} found the {toy} {spot}.'),
      thank,
      end,
    ],
  },
  sharing: {
    casts: [
      cast({ hero: 'f:Anna', toy: 'kite', friend: 'f:Nina' }),
      cast({ hero: 'm:Ben', toy: 'drum', friend: 'm:Jack' }),
    ],
    steps: [
      open,
      own,
      paragraph('meet', 'One {day}, {hero} met {friend!}.', 'One {day}, {hero} played with {friend!}.'),
      step('want', '{friend} wanted to play with the {toy}.', '{friend} said, "Can I have the {toy}?"'),
      step('no', '{hero} did not want to share the {toy}.', '{hero} said, "No!"'),
      step('friend sad', '{friend} was very {sad}.', '{friend} started to cry.'),
      paragraph('give', 'Then {hero} gave the {toy} to {friend}.', 'Then {hero} said, "We can share the {toy}!"'),
      step('play together', '{hero} and {friend} played with the {toy}.', '{hero} and {friend} played all day.'),
      step('end with a friend', '{hero} and {friend} were very {happy}.', '{hero} and {friend} were good friends.'),
    ],
  },
  'rainy day': {
    casts: [
      cast({ hero: 'f:Sue', toy: 'doll', kin: 'f:grandma' }),
      cast({ hero: 'm:Max', toy: 'boat', kin: 'm:grandpa' }),
    ],
    steps: [
      open,
      paragraph('rain', 'One {hour}, it started to rain.', 'One {hour}, it rained a lot.'),
      step('wish', '{hero} wanted to go to the {place}.', '{hero} could not go to the {place}.'),
      sad,
      step('idea', '{His} {kin!} had an idea.', '{His} {kin!} said, "I have an idea!"'),
      step('make', '{hero} made a {colour} {toy!}.', '{hero} made a {toy!} with {stuff}.'),
      step('play', '{hero} played with the {toy} {room}.', '{He} played with the {toy} {room}.'),
      paragraph('sun', 'Then the sun came out.', 'Then {hero} saw the sun.'),
      end,
    ],
  },
  'helping an animal': {
    casts: [cast({ hero: 'f:Mia', animal: 'cat bird' }), cast({ hero: 'm:Sam', animal: 'dog rabbit' })],
    steps: [
      open,
      paragraph('walk', 'One {day}, {hero} went to the {place}.', 'One {day}, {hero} walked to the {place}.'),
      step('see', '{hero} saw a little {animal!} {spot}.', '{He} saw a little {animal!} {spot}.'),
      step('trouble', 'The {animal} was very {need}.', 'The {animal} could not go home.'),
      step('offer', '{hero} said, "I can help you!"', '{hero} wanted to help the {animal}.'),
      step('care', '{hero} gave the {animal} some {feed}.', '{He} gave the {animal} some {feed}.'),
      paragraph('better', 'Then the {animal} was {fine}.', 'Then the {animal} wanted to play.'),
      step('befriend', 'The {animal} and {hero} were good friends.', '{hero} played with the {animal} all day.'),
      end,
    ],
  },
  baking: {
    casts: [
      cast({ hero: 'f:Emma', food: 'cake tart', kin: 'f:mom' }),
      cast({ hero: 'm:Leo', food: 'pie pizza', kin: 'm:grandpa' }),
    ],
    steps: [
      open,
      paragraph('plan', 'One {day}, {hero} wanted to make a {food!}.', 'One {day}, {hero} wanted to bake a {food!}.'),
      askHelp,
      step('mix', '{hero} mixed {dry} and {wet}.', '{He} mixed {dry} and {wet}.'),
      step('oven', '{hero} put the {food} in the oven.', '{His} {kin} put the {food} in the oven.'),
      paragraph('ready', 'Then the {food} was ready.', 'Then {hero} saw the {food}.'),
      step('taste', 'The {food} was very {yummy}.', 'The {food} was {yummy}.'),
      thank,
      end,
    ],
  },
  'small fear': {
    casts: [
      cast({ hero: 'f:Rosa', fear: 'slide water', kin: 'f:mom' }),
      cast({ hero: 'm:Dan', fear: 'bridge dark_room', kin: 'm:dad' }),
    ],
    steps: [
      open,
      step('fear', '{hero} was afraid of the {fear!}.', '{He} was afraid of the {fear!}.'),
      paragraph('face', 'One {day}, {hero} came to the {fear}.', 'One {day}, {hero} saw the {fear}.'),
      step('scared', '{hero} wanted to go home.', '{hero} started to cry.'),
      step('hand', '{His} {kin!} said, "You can do it!"', '{His} {kin!} said, "I am here!"'),
      step('breath', '{hero} counted to {number}.', '{hero} took a deep breath.'),
      paragraph('try', 'Then {hero} tried again.', 'Then {hero} said, "I can do it!"'),
      step('not bad', '{hero} was not afraid of the {fear} now.', 'The {fear} was not so bad.'),
      end,
    ],
  },
  garden: {
    casts: [
      cast({ hero: 'f:Clara', plant: 'flower tree', kin: 'f:grandma' }),
      cast({ hero: 'm:Peter', plant: 'carrot bean', kin: 'm:dad' }),
    ],
    steps: [
      open,
      paragraph(
        'plant',
        'One {day}, {hero} planted a {plant!}.',
        'One {day}, {hero} planted a {plant!} in the garden.',
      ),
      step('water', '{hero} gave the {plant} some water.', '{He} gave the {plant} some water.'),
      step('small', 'The {plant} was very small.', 'The {plant} did not grow.'),
      sad,
      step('patience', '{His} {kin!} said, "The sun can help!"', '{His} {kin!} said, "You can wait!"'),
      paragraph('grow', 'Then the {plant} was very {grown}.', 'Then the {plant} was {grown}.'),
      step('show', '{hero} gave {his} {kin} a big hug.', '{hero} showed the {plant} to {his} {kin}.'),
      end,
    ],
  },
};

/** English. Pronouns always mean the hero; each story has one hero and at most one of every other variable. */
export const en: StoryGrammar = {
  lang: 'en',
  variables: valuesOf(plots),
  selfIntroducing: ['kin'],
  forms: {
    girl: ['boy', 'girl'],
    he: ['he', 'she'],
    his: ['his', 'her'],
  },
  lists: {
    good: ['little', 'happy', 'kind', 'good', 'brave', 'funny', 'clever'],
    colour: ['red', 'blue', 'big', 'new', 'green', 'small', 'yellow', 'pretty'],
    sad: ['sad', 'upset', 'worried'],
    happy: ['happy', 'proud', 'glad'],
    day: ['day', 'morning', 'sunny day', 'afternoon', 'summer day'],
    hour: ['day', 'morning', 'afternoon'],
    look: [
      'under the bed',
      'in the box',
      'behind the door',
      'in the kitchen',
      'under the table',
      'in the bag',
      'on the shelf',
    ],
    spot: ['in the garden', 'under a tree', 'by the river', 'behind the house', 'near the gate', 'on the path'],
    place: ['park', 'farm', 'forest', 'lake', 'beach', 'market'],
    room: ['in the kitchen', 'in the bedroom', 'on the floor', 'near the window'],
    stuff: ['paper', 'wood', 'cloth', 'old boxes'],
    need: ['hungry', 'cold', 'lost', 'scared', 'wet', 'thirsty'],
    feed: ['water', 'milk', 'bread', 'food', 'soup'],
    fine: ['warm', 'strong', 'happy', 'safe'],
    dry: ['flour', 'sugar', 'oats', 'cocoa'],
    wet: ['milk', 'butter', 'eggs', 'oil'],
    yummy: ['good', 'sweet', 'warm', 'soft', 'tasty'],
    number: ['three', 'five', 'ten'],
    grown: ['big', 'tall', 'pretty', 'strong'],
  },
  plots,
};

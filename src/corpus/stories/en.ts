import { cast, valuesOf, type Plot, type Step, type StoryGrammar } from './grammar.js';

// Written for a model of 40,000 ternary weights: few and regular sentences, the hero named in nearly each of them, steps
// that several plots share, and things that stay in sight. In each list what comes first is told most often.
const open: Step = {
  id: 'open',
  templates: ['Once there was a {good} {girl} named {hero!}.', '{hero!} was a {good} {girl}.'],
};
const own: Step = {
  id: 'own',
  templates: ['{hero} had a {colour} {toy!}.', '{He} had a {colour} {toy!}.'],
};
const sad: Step = {
  id: 'sad',
  templates: ['{hero} was very {sad}.', '{He} was very {sad}.', '{hero} started to cry.'],
};
const askHelp: Step = {
  id: 'ask help',
  templates: ['{hero} asked {his} {kin!} for help.', '{His} {kin!} came to help {hero}.'],
};
const thank: Step = {
  id: 'thank',
  templates: ['{hero} said, "Thank you!"', '{hero} gave {his} {kin} a big hug.'],
};
const end: Step = {
  id: 'end',
  templates: ['{hero} was very {happy}.', '{hero} went home with a big smile.', 'It was a good day for {hero}.'],
};

const newParagraph = (step: Step): Step => ({ ...step, paragraph: true });

const plots: Readonly<Record<string, Plot>> = {
  'lost toy': {
    casts: [
      cast({ hero: 'f:Lily', toy: 'ball', kin: 'f:mom' }),
      cast({ hero: 'm:Tom', toy: 'truck', kin: 'm:dad' }),
    ],
    steps: [
      open, own,
      newParagraph({ id: 'lose', templates: ['One {day}, {hero} lost the {toy}.', 'One {day}, {hero} could not find the {toy}.'] }),
      sad,
      { id: 'look', templates: ['{hero} looked {look}.', '{hero} looked for the {toy} {look}.'] },
      askHelp,
      newParagraph({ id: 'find', templates: ['Then {hero} saw the {toy} {spot}.', 'Then {hero} found the {toy} {spot}.'] }),
      thank, end,
    ],
  },
  sharing: {
    casts: [
      cast({ hero: 'f:Anna', toy: 'kite', friend: 'f:Nina' }),
      cast({ hero: 'm:Ben', toy: 'drum', friend: 'm:Jack' }),
    ],
    steps: [
      open, own,
      newParagraph({ id: 'meet', templates: ['One {day}, {hero} met {friend!}.', 'One {day}, {hero} played with {friend!}.'] }),
      { id: 'want', templates: ['{friend} wanted to play with the {toy}.', '{friend} said, "Can I have the {toy}?"'] },
      { id: 'no', templates: ['{hero} did not want to share the {toy}.', '{hero} said, "No!"'] },
      { id: 'friend sad', templates: ['{friend} was very {sad}.', '{friend} started to cry.'] },
      newParagraph({ id: 'give', templates: ['Then {hero} gave the {toy} to {friend}.', 'Then {hero} said, "We can share the {toy}!"'] }),
      { id: 'play together', templates: ['{hero} and {friend} played with the {toy}.', '{hero} and {friend} played all day.'] },
      { id: 'end with a friend', templates: ['{hero} and {friend} were very {happy}.', '{hero} and {friend} were good friends.'] },
    ],
  },
  'rainy day': {
    casts: [
      cast({ hero: 'f:Sue', toy: 'doll', kin: 'f:grandma' }),
      cast({ hero: 'm:Max', toy: 'boat', kin: 'm:grandpa' }),
    ],
    steps: [
      open,
      newParagraph({ id: 'rain', templates: ['One {hour}, it started to rain.', 'One {hour}, it rained a lot.'] }),
      { id: 'wish', templates: ['{hero} wanted to go to the {place}.', '{hero} could not go to the {place}.'] },
      sad,
      { id: 'idea', templates: ['{His} {kin!} had an idea.', '{His} {kin!} said, "I have an idea!"'] },
      { id: 'make', templates: ['{hero} made a {colour} {toy!}.', '{hero} made a {toy!} with {stuff}.'] },
      { id: 'play', templates: ['{hero} played with the {toy} {room}.', '{He} played with the {toy} {room}.'] },
      newParagraph({ id: 'sun', templates: ['Then the sun came out.', 'Then {hero} saw the sun.'] }),
      end,
    ],
  },
  'helping an animal': {
    casts: [
      cast({ hero: 'f:Mia', animal: 'cat bird' }),
      cast({ hero: 'm:Sam', animal: 'dog rabbit' }),
    ],
    steps: [
      open,
      newParagraph({ id: 'walk', templates: ['One {day}, {hero} went to the {place}.', 'One {day}, {hero} walked to the {place}.'] }),
      { id: 'see', templates: ['{hero} saw a little {animal!} {spot}.', '{He} saw a little {animal!} {spot}.'] },
      { id: 'trouble', templates: ['The {animal} was very {need}.', 'The {animal} could not go home.'] },
      { id: 'offer', templates: ['{hero} said, "I can help you!"', '{hero} wanted to help the {animal}.'] },
      { id: 'care', templates: ['{hero} gave the {animal} some {feed}.', '{He} gave the {animal} some {feed}.'] },
      newParagraph({ id: 'better', templates: ['Then the {animal} was {fine}.', 'Then the {animal} wanted to play.'] }),
      { id: 'befriend', templates: ['The {animal} and {hero} were good friends.', '{hero} played with the {animal} all day.'] },
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
      newParagraph({ id: 'plan', templates: ['One {day}, {hero} wanted to make a {food!}.', 'One {day}, {hero} wanted to bake a {food!}.'] }),
      askHelp,
      { id: 'mix', templates: ['{hero} mixed {dry} and {wet}.', '{He} mixed {dry} and {wet}.'] },
      { id: 'oven', templates: ['{hero} put the {food} in the oven.', '{His} {kin} put the {food} in the oven.'] },
      newParagraph({ id: 'ready', templates: ['Then the {food} was ready.', 'Then {hero} saw the {food}.'] }),
      { id: 'taste', templates: ['The {food} was very {yummy}.', 'The {food} was {yummy}.'] },
      thank, end,
    ],
  },
  'small fear': {
    casts: [
      cast({ hero: 'f:Rosa', fear: 'slide water', kin: 'f:mom' }),
      cast({ hero: 'm:Dan', fear: 'bridge dark_room', kin: 'm:dad' }),
    ],
    steps: [
      open,
      { id: 'fear', templates: ['{hero} was afraid of the {fear!}.', '{He} was afraid of the {fear!}.'] },
      newParagraph({ id: 'face', templates: ['One {day}, {hero} came to the {fear}.', 'One {day}, {hero} saw the {fear}.'] }),
      { id: 'scared', templates: ['{hero} wanted to go home.', '{hero} started to cry.'] },
      { id: 'hand', templates: ['{His} {kin!} said, "You can do it!"', '{His} {kin!} said, "I am here!"'] },
      { id: 'breath', templates: ['{hero} counted to {number}.', '{hero} took a deep breath.'] },
      newParagraph({ id: 'try', templates: ['Then {hero} tried again.', 'Then {hero} said, "I can do it!"'] }),
      { id: 'not bad', templates: ['{hero} was not afraid of the {fear} now.', 'The {fear} was not so bad.'] },
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
      newParagraph({ id: 'plant', templates: ['One {day}, {hero} planted a {plant!}.', 'One {day}, {hero} planted a {plant!} in the garden.'] }),
      { id: 'water', templates: ['{hero} gave the {plant} some water.', '{He} gave the {plant} some water.'] },
      { id: 'small', templates: ['The {plant} was very small.', 'The {plant} did not grow.'] },
      sad,
      { id: 'patience', templates: ['{His} {kin!} said, "The sun can help!"', '{His} {kin!} said, "You can wait!"'] },
      newParagraph({ id: 'grow', templates: ['Then the {plant} was very {grown}.', 'Then the {plant} was {grown}.'] }),
      { id: 'show', templates: ['{hero} gave {his} {kin} a big hug.', '{hero} showed the {plant} to {his} {kin}.'] },
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
    look: ['under the bed', 'in the box', 'behind the door', 'in the kitchen', 'under the table', 'in the bag', 'on the shelf'],
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

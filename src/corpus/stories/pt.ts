import { cast, paragraph, step, valuesOf, type Plot, type StoryGrammar } from './grammar.js';

// The same plots as in English and for the same kind of model. Articles, possessives and adjectives agree with the
// thing or person that they go with: `{seu:toy}` with the thing owned, `{um}` alone with the hero.
const open = step('open', 'Era uma vez {um} {menino} {good} {chamado} {hero!}.', '{hero!} era {um} {menino} {good}.');
const own = step('own', '{hero} tinha {um:toy} {toy!} {colour:toy}.', '{Ele} tinha {um:toy} {toy!} {colour:toy}.');
const sad = step('sad', '{hero} ficou muito {sad}.', '{Ele} ficou muito {sad}.', '{hero} começou a chorar.');
const askHelp = step(
  'ask help',
  '{hero} pediu ajuda {ao:kin} {seu:kin} {kin!}.',
  '{Seu:kin} {kin!} veio ajudar {hero}.',
);
const thank = step('thank', '{hero} disse: "Muito {obrigado}!"', '{hero} abraçou {seu:kin} {kin}.');
const end = step(
  'end',
  '{hero} ficou muito {happy}.',
  '{hero} voltou para casa com um sorriso.',
  'Foi um dia bom para {hero}.',
);

const plots: Readonly<Record<string, Plot>> = {
  'lost toy': {
    casts: [
      cast({ hero: 'f:Ana', toy: 'f:bola', kin: 'f:mãe' }),
      cast({ hero: 'm:Pedro', toy: 'm:carrinho', kin: 'm:pai' }),
    ],
    steps: [
      open,
      own,
      paragraph('lose', 'Um {day}, {hero} perdeu {o:toy} {toy}.', 'Um {day}, {hero} não achou {o:toy} {toy}.'),
      sad,
      step('look', '{hero} procurou {look}.', '{hero} procurou {o:toy} {toy} {look}.'),
      askHelp,
      paragraph('find', 'Então {hero} viu {o:toy} {toy} {spot}.', 'Então {hero} achou {o:toy} {toy} {spot}.'),
      thank,
      end,
    ],
  },
  sharing: {
    casts: [
      cast({ hero: 'f:Bia', toy: 'f:boneca', friend: 'f:Nina' }),
      cast({ hero: 'm:João', toy: 'm:tambor', friend: 'm:Hugo' }),
    ],
    steps: [
      open,
      own,
      paragraph('meet', 'Um {day}, {hero} encontrou {friend!}.', 'Um {day}, {hero} brincou com {friend!}.'),
      step('want', '{friend} queria brincar com {o:toy} {toy}.', '{friend} disse: "Vamos brincar com {o:toy} {toy}!"'),
      step('no', '{hero} não queria dividir {o:toy} {toy}.', '{hero} disse: "Não!"'),
      step('friend sad', '{friend} ficou muito {sad:friend}.', '{friend} começou a chorar.'),
      paragraph(
        'give',
        'Então {hero} deu {o:toy} {toy} para {friend}.',
        'Então {hero} disse: "Vamos brincar com {o:toy} {toy}!"',
      ),
      step(
        'play together',
        '{hero} e {friend} brincaram com {o:toy} {toy}.',
        '{hero} e {friend} brincaram o dia todo.',
      ),
      step(
        'end with a friend',
        '{hero} e {friend} ficaram muito felizes.',
        '{hero} e {friend} viraram {bons:hero+friend} {amigos:hero+friend}.',
      ),
    ],
  },
  'rainy day': {
    casts: [
      cast({ hero: 'f:Clara', toy: 'f:pipa', kin: 'f:avó' }),
      cast({ hero: 'm:Davi', toy: 'm:barco', kin: 'm:avô' }),
    ],
    steps: [
      open,
      paragraph('rain', 'Um {hour}, começou a chover.', 'Um {hour}, choveu muito.'),
      step('wish', '{hero} queria ir {place}.', '{hero} não podia ir {place}.'),
      sad,
      step('idea', '{Seu:kin} {kin!} veio ajudar {hero}.', '{Seu:kin} {kin!} disse: "Eu posso ajudar!"'),
      step('make', '{hero} fez {um:toy} {toy!} {colour:toy}.', '{hero} fez {um:toy} {toy!} na cozinha.'),
      step('play', '{hero} brincou com {o:toy} {toy} {room}.', '{Ele} brincou com {o:toy} {toy} {room}.'),
      paragraph('sun', 'Então o sol apareceu.', 'Então {hero} viu o sol.'),
      end,
    ],
  },
  'helping an animal': {
    casts: [
      cast({ hero: 'f:Júlia', animal: 'f:gata f:tartaruga' }),
      cast({ hero: 'm:Caio', animal: 'm:pato m:coelho' }),
    ],
    steps: [
      open,
      paragraph('walk', 'Um {day}, {hero} foi {place}.', 'Um {day}, {hero} chegou {place}.'),
      step('see', '{hero} viu {um:animal} {animal!} {spot}.', '{Ele} viu {um:animal} {animal!} {spot}.'),
      step('trouble', '{O:animal} {animal} estava {need:animal}.', '{O:animal} {animal} não achava sua casa.'),
      step('offer', '{hero} disse: "Eu posso ajudar!"', '{hero} queria ajudar {o:animal} {animal}.'),
      step('care', '{hero} deu {feed} para {o:animal} {animal}.', '{Ele} deu {feed} para {o:animal} {animal}.'),
      paragraph(
        'better',
        'Então {o:animal} {animal} ficou {fine:animal}.',
        'Então {o:animal} {animal} queria brincar.',
      ),
      step(
        'befriend',
        '{O:animal} {animal} e {hero} viraram {bons:hero+animal} {amigos:hero+animal}.',
        '{hero} brincou com {o:animal} {animal} o dia todo.',
      ),
      end,
    ],
  },
  baking: {
    casts: [
      cast({ hero: 'f:Lia', food: 'f:torta', kin: 'f:mãe' }),
      cast({ hero: 'm:Tito', food: 'm:bolo', kin: 'm:avô' }),
    ],
    steps: [
      open,
      paragraph(
        'plan',
        'Um {day}, {hero} queria fazer {um:food} {food!}.',
        'Um {day}, {hero} quis fazer {um:food} {food!}.',
      ),
      askHelp,
      step('mix', '{hero} misturou {dry} e {wet}.', '{Ele} misturou {dry} e {wet}.'),
      step('oven', '{hero} colocou {o:food} {food} no forno.', '{Seu:kin} {kin} colocou {o:food} {food} no forno.'),
      paragraph('ready', 'Então {o:food} {food} ficou {pronto:food}.', 'Então {hero} viu {o:food} {food}.'),
      step('taste', '{O:food} {food} estava muito {yummy:food}.', '{O:food} {food} estava {yummy:food}.'),
      thank,
      end,
    ],
  },
  'small fear': {
    casts: [
      cast({ hero: 'f:Sofia', fear: 'f:ponte f:escada', kin: 'f:mãe' }),
      cast({ hero: 'm:Lucas', fear: 'm:balanço m:túnel', kin: 'm:pai' }),
    ],
    steps: [
      open,
      step('fear', '{hero} tinha medo {do:fear} {fear!}.', '{Ele} tinha medo {do:fear} {fear!}.'),
      paragraph('face', 'Um {day}, {hero} chegou perto {do:fear} {fear}.', 'Um {day}, {hero} viu {o:fear} {fear}.'),
      step('scared', '{hero} queria ir para casa.', '{hero} começou a chorar.'),
      askHelp,
      step('breath', '{hero} contou até {number}.', '{hero} respirou fundo.'),
      paragraph('try', 'Então {hero} foi até {o:fear} {fear}.', 'Então {hero} disse: "Eu posso ir!"'),
      step('not bad', '{hero} não tinha mais medo {do:fear} {fear}.', '{O:fear} {fear} não era tão ruim.'),
      end,
    ],
  },
  garden: {
    casts: [
      cast({ hero: 'f:Marina', plant: 'f:flor f:árvore', kin: 'f:avó' }),
      cast({ hero: 'm:Rafael', plant: 'm:tomate m:girassol', kin: 'm:pai' }),
    ],
    steps: [
      open,
      paragraph(
        'plant',
        'Um {day}, {hero} plantou {um:plant} {plant!}.',
        'Um {day}, {hero} plantou {um:plant} {plant!} no jardim.',
      ),
      step('water', '{hero} deu água para {o:plant} {plant}.', '{Ele} deu água para {o:plant} {plant}.'),
      step('small', '{O:plant} {plant} era muito {pequeno:plant}.', '{O:plant} {plant} não ficou grande.'),
      sad,
      step('patience', '{Seu:kin} {kin!} disse: "O sol vai ajudar!"', '{Seu:kin} {kin!} veio ajudar {hero}.'),
      paragraph(
        'grow',
        'Então {o:plant} {plant} ficou muito {grown:plant}.',
        'Então {o:plant} {plant} ficou {grown:plant}.',
      ),
      step('show', '{hero} abraçou {seu:kin} {kin}.', '{Seu:kin} {kin} ficou feliz.'),
      end,
    ],
  },
};

/** Brazilian Portuguese. `{bons:hero+friend}` is feminine only when all who are meant are. */
export const pt: StoryGrammar = {
  lang: 'pt',
  variables: valuesOf(plots),
  selfIntroducing: ['kin'],
  forms: {
    menino: ['menino', 'menina'],
    ele: ['ele', 'ela'],
    um: ['um', 'uma'],
    o: ['o', 'a'],
    do: ['do', 'da'],
    ao: ['ao', 'à'],
    seu: ['seu', 'sua'],
    chamado: ['chamado', 'chamada'],
    obrigado: ['obrigado', 'obrigada'],
    pequeno: ['pequeno', 'pequena'],
    pronto: ['pronto', 'pronta'],
    bons: ['bons', 'boas'],
    amigos: ['amigos', 'amigas'],
  },
  lists: {
    good: ['feliz', 'gentil', 'alegre', 'valente', ['esperto', 'esperta']],
    colour: ['azul', ['bonito', 'bonita'], 'grande', ['novo', 'nova'], 'verde'],
    sad: ['triste', ['chateado', 'chateada']],
    happy: ['feliz', 'contente', 'alegre'],
    day: ['dia', 'domingo', 'sábado', 'dia de sol'],
    hour: ['dia', 'domingo', 'sábado'],
    look: ['embaixo da cama', 'na caixa', 'atrás da porta', 'na cozinha', 'embaixo da mesa', 'na sala', 'na estante'],
    spot: ['no jardim', 'embaixo da árvore', 'perto do rio', 'atrás da casa', 'perto do portão', 'no caminho'],
    place: ['ao parque', 'à praia', 'ao lago', 'à feira', 'ao campo'],
    room: ['no quarto', 'no chão', 'na sala', 'perto da janela'],
    need: ['com fome', 'com frio', 'com medo'],
    feed: ['água', 'leite', 'pão', 'comida'],
    fine: ['bem', 'forte', 'feliz'],
    dry: ['farinha', 'açúcar', 'aveia', 'chocolate'],
    wet: ['leite', 'manteiga', 'ovos', 'óleo'],
    yummy: ['doce', ['gostoso', 'gostosa'], 'quente'],
    number: ['três', 'cinco', 'dez'],
    grown: ['grande', ['bonito', 'bonita'], 'forte'],
  },
  plots,
};

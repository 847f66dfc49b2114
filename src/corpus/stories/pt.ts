import { entities, type Step, type StoryGrammar } from './grammar.js';

// The same plots as in English, told in Brazilian Portuguese. Articles, possessives and adjectives agree
// with the thing or person they go with; `{seu:toy}` with the thing owned, `{um}` alone with the hero.
const open: Step = {
  id: 'open',
  templates: [
    'Era uma vez {um} {menino} {good} {chamado} {hero!}.',
    'Havia {um} {menino} {good} {chamado} {hero!}.',
    '{hero!} era {um} {menino} {good}.',
    '{hero!} era {um} {menino} muito {good}.',
  ],
};
const own: Step = {
  id: 'own',
  templates: [
    '{hero} tinha {um:toy} {toy!} {colour:toy}.',
    '{Ele} tinha {um:toy} {toy!} {colour:toy}.',
    '{hero} adorava {seu:toy} {toy!} {colour:toy}.',
  ],
};
const dear: Step = {
  id: 'dear',
  chance: 0.5,
  templates: [
    '{Ele} brincava com {o:toy} {toy} todo dia.',
    '{hero} brincava com {o:toy} {toy} todo dia.',
    'Era o melhor brinquedo de {hero}.',
  ],
};
const sad: Step = {
  id: 'sad',
  chance: 0.8,
  templates: ['{hero} ficou muito {sad}.', '{Ele} ficou {sad}.', '{hero} estava {sad}.'],
};
const askHelp: Step = {
  id: 'ask help',
  templates: [
    '{hero} pediu ajuda {ao:kin} {seu:kin} {kin!}.',
    '{Seu:kin} {kin!} veio ajudar.',
    '{Seu:kin} {kin!} disse: "Eu posso ajudar!"',
  ],
};
const thank: Step = {
  id: 'thank',
  chance: 0.7,
  templates: [
    '{hero} disse: "Muito {obrigado}!"',
    '{hero} abraçou {seu:kin} {kin}.',
    '{Ele} deu um grande abraço em {seu:kin} {kin}.',
  ],
};
const wait: Step = {
  id: 'wait',
  chance: 0.6,
  templates: ['{hero} esperou e esperou.', '{hero} esperou por muito tempo.'],
};
const playTogether: Step = {
  id: 'play together',
  templates: [
    '{hero} e {friend} brincaram com {o:toy} {toy}.',
    '{hero} e {friend} brincaram o dia todo.',
    '{Eles:hero+friend} brincaram com {o:toy} {toy} o dia todo.',
  ],
};
const endFriends: Step = {
  id: 'end with a friend',
  templates: [
    '{hero} e {friend} ficaram muito felizes.',
    '{hero} e {friend} viraram {bons:hero+friend} {amigos:hero+friend}.',
    '{Eles:hero+friend} riram e se divertiram muito.',
  ],
};
const end: Step = {
  id: 'end',
  templates: [
    '{hero} ficou muito {happy}.',
    '{hero} voltou para casa com um sorriso.',
    'Naquela noite, {hero} dormiu {happy}.',
    'Foi um dia bom para {hero}.',
  ],
};

const newParagraph = (step: Step): Step => ({ ...step, chance: 1, paragraph: true });

/** Brazilian Portuguese. `{eles:hero+kin}` is `elas` only when all who are meant are feminine. */
export const pt: StoryGrammar = {
  lang: 'pt',
  variables: {
    hero: [...entities('f', 'Ana Bia Clara Júlia'), ...entities('m', 'Pedro João Davi Tito')],
    friend: [...entities('f', 'Nina Vera'), ...entities('m', 'Beto Hugo')],
    kin: [...entities('f', 'mãe avó'), ...entities('m', 'pai avô')],
    toy: [...entities('f', 'bola boneca pipa'), ...entities('m', 'carrinho barco tambor')],
    food: [...entities('f', 'torta pizza'), ...entities('m', 'bolo')],
    plant: [...entities('f', 'flor árvore'), ...entities('m', 'girassol tomate')],
    animal: [...entities('f', 'gata tartaruga raposa'), ...entities('m', 'cachorro coelho pato')],
    fear: [
      ...entities('f', 'ponte_velha piscina_funda'),
      ...entities('m', 'escorregador_alto quarto_escuro'),
    ],
  },
  selfIntroducing: ['kin'],
  forms: {
    menino: ['menino', 'menina'],
    ele: ['ele', 'ela'],
    eles: ['eles', 'elas'],
    bons: ['bons', 'boas'],
    amigos: ['amigos', 'amigas'],
    um: ['um', 'uma'],
    o: ['o', 'a'],
    do: ['do', 'da'],
    ao: ['ao', 'à'],
    seu: ['seu', 'sua'],
    chamado: ['chamado', 'chamada'],
    obrigado: ['obrigado', 'obrigada'],
    pequeno: ['pequeno', 'pequena'],
    pronto: ['pronto', 'pronta'],
    perdido: ['perdido', 'perdida'],
    orgulhoso: ['orgulhoso', 'orgulhosa'],
  },
  lists: {
    good: ['feliz', 'gentil', 'alegre', 'valente', ['esperto', 'esperta'], ['curioso', 'curiosa'], ['animado', 'animada']],
    colour: [['vermelho', 'vermelha'], 'azul', 'verde', ['amarelo', 'amarela'], ['branco', 'branca'], ['novo', 'nova'],
      'grande', ['bonito', 'bonita'], ['pequeno', 'pequena']],
    sad: ['triste', ['chateado', 'chateada'], ['preocupado', 'preocupada'], 'infeliz'],
    happy: ['feliz', 'contente', ['animado', 'animada'], 'alegre'],
    hour: ['dia', 'sábado', 'domingo'],
    day: ['dia', 'dia de sol', 'dia de verão', 'sábado', 'domingo'],
    look: ['embaixo da cama', 'atrás da porta', 'dentro da caixa', 'na cozinha', 'embaixo da mesa', 'na estante',
      'atrás da cadeira', 'na sala'],
    spot: ['no jardim', 'embaixo de uma árvore', 'perto do portão', 'atrás da casa', 'na grama', 'perto do rio', 'no caminho',
      'ao lado de uma pedra'],
    place: ['ao parque', 'à floresta', 'à fazenda', 'à praia', 'ao lago', 'ao morro', 'à feira', 'ao campo'],
    room: ['na cozinha', 'no quarto', 'no chão', 'no tapete', 'perto da janela'],
    stuff: ['papel', 'madeira', 'pano', 'caixas velhas', 'cola e barbante'],
    need: ['com fome', 'com frio', 'com medo', 'com sede', ['molhado', 'molhada'], ['perdido', 'perdida']],
    feed: ['água', 'leite', 'pão', 'comida', 'fruta', 'sopa'],
    fine: ['bem', 'forte', 'alegre', ['quentinho', 'quentinha'], ['tranquilo', 'tranquila']],
    dry: ['farinha', 'açúcar', 'aveia', 'chocolate'],
    wet: ['leite', 'manteiga', 'ovos', 'óleo'],
    yummy: ['doce', 'quente', ['macio', 'macia'], ['gostoso', 'gostosa'], ['perfeito', 'perfeita'], ['delicioso', 'deliciosa']],
    number: ['três', 'cinco', 'dez'],
    grown: ['grande', ['alto', 'alta'], ['lindo', 'linda'], 'forte'],
  },
  plots: {
    'lost toy': [
      open, own, dear,
      newParagraph({
        id: 'lose',
        templates: [
          'Um {day}, {hero} perdeu {o:toy} {toy}.',
          'Um {day}, {o:toy} {toy} sumiu.',
          'Um {day}, {hero} não achou {o:toy} {toy}.',
        ],
      }),
      sad,
      { id: 'look', templates: ['{hero} procurou {look}.', '{Ele} procurou {look}.', '{Ele} procurou {o:toy} {toy} {look}.'] },
      { id: 'not there', chance: 0.6, templates: ['{O:toy} {toy} não estava lá.', '{Ele} não viu {o:toy} {toy}.'] },
      askHelp,
      newParagraph({
        id: 'find',
        templates: [
          '{Seu:kin} {kin} achou {o:toy} {toy} {spot}.',
          'Então {eles:hero+kin} acharam {o:toy} {toy} {spot}.',
          'Então {hero} viu {o:toy} {toy} {spot}.',
        ],
      }),
      thank, end,
    ],
    sharing: [
      open, own, dear,
      newParagraph({
        id: 'meet',
        templates: [
          'Um {day}, {hero} encontrou {friend!}.',
          'Um {day}, {friend!} veio brincar.',
          'Um {day}, {hero} foi {place} com {friend!}.',
        ],
      }),
      {
        id: 'want',
        templates: [
          '{friend} disse: "Posso brincar com {o:toy} {toy}?"',
          '{friend} queria brincar com {o:toy} {toy}.',
          '{friend} gostou {do:toy} {toy}.',
        ],
      },
      { id: 'no', templates: ['{hero} disse: "Não!"', '{hero} não queria dividir.', '{hero} não queria dividir {o:toy} {toy}.'] },
      { id: 'friend sad', templates: ['{friend} ficou muito {sad:friend}.', '{friend} ficou {sad:friend}.', '{friend} começou a chorar.'] },
      newParagraph({
        id: 'give',
        templates: [
          'Então {hero} deu {o:toy} {toy} para {friend}.',
          'Então {hero} disse: "Vamos dividir {o:toy} {toy}!"',
          'Então {hero} disse: "Pode brincar com {o:toy} {toy}!"',
        ],
      }),
      { id: 'friend thanks', chance: 0.6, templates: ['{friend} disse: "Muito {obrigado:friend}!"', '{friend} sorriu.'] },
      playTogether, endFriends,
    ],
    'rainy day': [
      open,
      newParagraph({
        id: 'rain',
        templates: ['Um {hour}, começou a chover.', 'Um {hour}, choveu muito.', 'Era um dia de chuva.'],
      }),
      { id: 'wish', templates: ['{hero} queria ir {place}.', '{Ele} não podia ir {place}.'] },
      sad,
      { id: 'idea', templates: ['{Seu:kin} {kin!} teve uma ideia.', '{Seu:kin} {kin!} disse: "Eu tenho uma ideia!"'] },
      { id: 'make', templates: ['{Eles:hero+kin} fizeram {um:toy} {toy!} {colour:toy}.', '{Eles:hero+kin} fizeram {um:toy} {toy!} de {stuff}.'] },
      { id: 'play', templates: ['{hero} brincou com {o:toy} {toy} {room}.', '{Eles:hero+kin} brincaram com {o:toy} {toy} {room}.'] },
      newParagraph({ id: 'sun', templates: ['Então o sol apareceu.', 'Então a chuva parou.'] }),
      { id: 'out', chance: 0.6, templates: ['{hero} levou {o:toy} {toy} {place}.', '{hero} viu um arco-íris no céu.'] },
      end,
    ],
    'helping an animal': [
      open,
      newParagraph({
        id: 'walk',
        templates: ['Um {day}, {hero} foi {place}.', 'Um {day}, {hero} foi passear e chegou {place}.'],
      }),
      { id: 'see', templates: ['{Ele} viu {um:animal} {animal!} {spot}.', '{hero} viu {um:animal} {animal!} {spot}.'] },
      {
        id: 'trouble',
        templates: [
          '{O:animal} {animal} estava {need:animal}.',
          '{O:animal} {animal} parecia {perdido:animal}.',
          '{O:animal} {animal} não achava sua casa.',
        ],
      },
      { id: 'offer', templates: ['{hero} disse: "Eu posso ajudar!"', '{hero} queria ajudar {o:animal} {animal}.'] },
      {
        id: 'care',
        templates: [
          '{Ele} deu {feed} para {o:animal} {animal}.',
          '{hero} deu {feed} para {o:animal} {animal}.',
          '{Ele} levou {o:animal} {animal} para casa.',
        ],
      },
      newParagraph({ id: 'better', templates: ['Logo {o:animal} {animal} ficou {fine:animal}.', 'Logo {o:animal} {animal} ficou melhor.'] }),
      {
        id: 'befriend',
        templates: [
          '{hero} e {o:animal} {animal} viraram {bons:hero+animal} {amigos:hero+animal}.',
          '{O:animal} {animal} queria ficar com {hero}.',
          '{hero} abraçou {o:animal} {animal}.',
        ],
      },
      end,
    ],
    baking: [
      open,
      newParagraph({
        id: 'plan',
        templates: ['Um {day}, {hero} queria fazer {um:food} {food!}.', 'Um {day}, {hero} quis fazer {um:food} {food!}.'],
      }),
      askHelp,
      { id: 'mix', templates: ['{Eles:hero+kin} misturaram {dry} e {wet}.', '{hero} misturou {dry} e {wet}.', '{Ele} colocou {dry} na tigela.'] },
      { id: 'mess', chance: 0.5, templates: ['{hero} ficou com {dry} no nariz.', '{hero} derrubou {dry} no chão.'] },
      { id: 'oven', templates: ['{Seu:kin} {kin} colocou {o:food} {food} no forno.', '{Eles:hero+kin} colocaram {o:food} {food} no forno.'] },
      wait,
      newParagraph({ id: 'ready', templates: ['Logo {o:food} {food} ficou {pronto:food}.', 'Então {o:food} {food} ficou {pronto:food}.'] }),
      {
        id: 'taste',
        templates: [
          '{O:food} {food} estava {yummy:food}.',
          '{O:food} {food} estava muito {yummy:food}.',
          '{Eles:hero+kin} comeram {o:food} {food} na cozinha.',
        ],
      },
      thank, end,
    ],
    'small fear': [
      open,
      {
        id: 'fear',
        templates: [
          '{hero} tinha medo {do:fear} {fear!}.',
          '{Ele} tinha medo {do:fear} {fear!}.',
          '{hero} não gostava {do:fear} {fear!}.',
        ],
      },
      newParagraph({
        id: 'face',
        templates: ['Um {day}, {hero} chegou perto {do:fear} {fear}.', 'Um {day}, {hero} parou perto {do:fear} {fear}.'],
      }),
      { id: 'scared', templates: ['{Ele} queria fugir.', '{hero} queria ir para casa.', '{hero} começou a chorar.'] },
      {
        id: 'hand',
        templates: [
          '{Seu:kin} {kin!} segurou sua mão.',
          '{Seu:kin} {kin!} disse: "Você consegue!"',
          '{Seu:kin} {kin!} disse: "Eu estou aqui!"',
        ],
      },
      { id: 'breath', templates: ['{hero} respirou fundo.', '{hero} contou até {number}.', '{hero} fechou os olhos.'] },
      newParagraph({ id: 'try', templates: ['Então {hero} tentou de novo.', 'Então {hero} disse: "Eu consigo!"'] }),
      { id: 'not bad', templates: ['{O:fear} {fear} não era tão ruim.', '{hero} não tinha mais medo {do:fear} {fear}.'] },
      {
        id: 'proud',
        chance: 0.6,
        templates: ['{Seu:kin} {kin} ficou muito {orgulhoso:kin}.', '{Ele} deu um grande abraço em {seu:kin} {kin}.'],
      },
      end,
    ],
    garden: [
      open,
      newParagraph({
        id: 'plant',
        templates: ['Um {day}, {hero} plantou {um:plant} {plant!}.', 'Um {day}, {hero} plantou {um:plant} {plant!} no jardim.'],
      }),
      { id: 'water', templates: ['{Ele} dava água para {o:plant} {plant} todo dia.', '{hero} deu água para {o:plant} {plant}.'] },
      wait,
      { id: 'small', templates: ['{O:plant} {plant} era muito {pequeno:plant}.', '{O:plant} {plant} não crescia.'] },
      sad,
      {
        id: 'patience',
        templates: [
          '{Seu:kin} {kin!} disse: "Espere um pouco!"',
          '{Seu:kin} {kin!} disse: "O sol vai ajudar!"',
          '{Seu:kin} {kin!} veio ajudar.',
        ],
      },
      newParagraph({
        id: 'grow',
        templates: [
          'Logo {o:plant} {plant} ficou {grown:plant}.',
          'Então {o:plant} {plant} ficou muito {grown:plant}.',
          '{O:plant} {plant} cresceu e cresceu.',
        ],
      }),
      { id: 'show', chance: 0.7, templates: ['{hero} mostrou {o:plant} {plant} para {seu:kin} {kin}.', '{Seu:kin} {kin} gostou {do:plant} {plant}.'] },
      end,
    ],
    gift: [
      open,
      {
        id: 'friend',
        templates: ['{hero} brincava muito com {friend!}.', '{Ele} gostava muito de {friend!}.'],
      },
      newParagraph({
        id: 'birthday',
        templates: ['Um {day}, {friend} fez aniversário.', 'Um {day}, {hero} quis dar um presente para {friend}.'],
      }),
      {
        id: 'make',
        templates: [
          '{hero} fez {um:toy} {toy!} {colour:toy}.',
          '{Ele} fez {um:toy} {toy!} de {stuff}.',
          '{hero} achou {um:toy} {toy!} {colour:toy} na feira.',
        ],
      },
      {
        id: 'wrap',
        chance: 0.7,
        templates: ['{Ele} colocou {o:toy} {toy} em uma caixa bonita.', '{hero} colocou {o:toy} {toy} em uma sacola bonita.'],
      },
      newParagraph({ id: 'give', templates: ['Então {hero} deu {o:toy} {toy} para {friend}.', 'Então {hero} disse: "Este presente é seu!"'] }),
      { id: 'friend thanks', templates: ['{friend} disse: "Muito {obrigado:friend}!"', '{friend} gostou {do:toy} {toy}.', '{friend} sorriu.'] },
      playTogether, endFriends,
    ],
  },
};

/** Errors by their code, in Brazilian Portuguese. */
import type { ErrorWords } from './en-errors.js';
import type { Words } from './en.js';

const table: Record<string, ErrorWords> = {
  unknown: {
    title: 'Algo deu errado',
    next: 'Tente de novo. Se acontecer outra vez, recarregue a página: modelos e treinos ficam guardados.',
  },
  // families: what stands before the first hyphen of a code
  corpus: {
    title: 'Este arquivo não pode ser lido assim',
    next: 'Escolha o tipo ou a codificação em “Como ele é lido”, ou dê o texto puro.',
  },
  tlm: {
    title: 'O arquivo do modelo está danificado ou é de outra versão',
    next: 'Pegue o arquivo de novo de onde ele veio.',
  },
  checkpoint: { title: 'O treino não pode continuar de onde estava', next: 'Comece um treino novo.' },
  store: { title: 'O navegador não pôde guardar isto', next: 'Remova treinos anteriores ou libere espaço no disco.' },
  device: { title: 'A placa recusou', next: 'Tente de novo; RESET na placa ajuda quando ela trava.' },
  port: { title: 'A porta dá problemas', next: 'Desligue a placa, ligue de novo e escolha a porta.' },
  flash: {
    title: 'A gravação falhou',
    next: 'Nada se perdeu: veja o cabo, ligue a placa de novo e grave outra vez. Ela volta a funcionar quando tudo for gravado.',
  },
  unexpected: {
    title: 'É um defeito do próprio TinyLM',
    next: 'Recarregue a página: modelos e treinos ficam guardados. Conte-nos, com estas palavras.',
  },
  usage: {
    title: 'Estas opções não combinam',
    next: 'Mude a opção citada em “Todas as opções”, ou volte ao controle deslizante.',
  },
  model: { title: 'Este modelo não é possível', next: 'Volte ao controle deslizante, ou mude a opção citada.' },
  train: { title: 'Não dá para treinar assim', next: 'Mude a opção citada.' },
  tokenizer: {
    title: 'O vocabulário não pode ser feito',
    next: 'Escolha outro vocabulário em “Todas as opções”, ou dê mais texto.',
  },
  quantize: {
    title: 'Os pesos não podem ser reduzidos',
    next: 'Treine de novo, com uma taxa de aprendizado menor em “Todas as opções”.',
  },
  safetensors: { title: 'O que foi guardado do treino está danificado', next: 'Comece um treino novo.' },
  run: { title: 'Este treino não pode ser usado', next: 'Remova-o e treine de novo.' },
  engine: { title: 'O modelo não pode rodar aqui', next: 'Abra-o de novo ou recarregue a página.' },
  export: { title: 'O arquivo não pode ser feito', next: 'Tente de novo com outro nome para o modelo.' },
  asset: {
    title: 'Uma parte desta página não carregou',
    next: 'Recarregue a página. Sem rede ela só funciona depois de uma primeira visita com rede.',
  },
  chip: { title: 'O chip virtual parou', next: 'Desconecte e ligue-o de novo.' },
  virtual: { title: 'O chip virtual parou', next: 'Desconecte e ligue-o de novo.' },
  partition: { title: 'A flash desta placa está dividida de outro jeito', next: 'Grave firmware e modelo.' },
  prebuilt: { title: 'O firmware desta página está danificado', next: 'Recarregue a página e tente de novo.' },
  idf: {
    title: 'Esse firmware não se grava daqui',
    next: 'Grave-o com “tinylm flash --build” e depois grave o modelo aqui.',
  },
  settings: {
    title: 'A placa não guarda esta configuração',
    next: 'Ajuste-a depois de cada reinício, ou use o firmware completo.',
  },
  frame: {
    title: 'A resposta da placa chegou danificada',
    next: 'Use um cabo mais curto ou outra entrada USB e tente de novo.',
  },
  evaluate: { title: 'Não há com que medir', next: 'Dê mais texto.' },
  'worker-failed': {
    title: 'Uma parte desta página não carregou',
    next: 'Recarregue a página. Sem rede ela só funciona depois de uma primeira visita com rede.',
  },
  'model-size': {
    title: 'Nenhum modelo para este texto é tão pequeno',
    next: 'Escolha um tamanho maior, ou menos tokens em “Todas as opções”.',
  },
  'model-unknown': { title: 'Este modelo não está mais carregado', next: 'Abra-o de novo ou recarregue a página.' },
  'train-busy': { title: 'Um modelo já está sendo treinado', next: 'Pare-o antes, ou espere o fim.' },
  'run-idle': { title: 'Este treino não está mais em andamento', next: 'Continue-o na lista de treinos anteriores.' },
  'corpus-unknown': { title: 'O texto não está mais aqui', next: 'Escolha-o de novo no passo Texto.' },
  'corpus-not-found': {
    title: 'O texto deste treino não está mais aqui',
    next: 'Escolha-o de novo no passo Texto e treine outra vez.',
  },
  'corpus-empty': { title: 'Não há texto nele', next: 'Dê um arquivo com texto ou escolha outro jeito de ler.' },
  'corpus-binary': {
    title: 'Isto não é texto',
    next: 'Exporte como texto antes: um documento como .txt ou .html, uma planilha como .csv.',
  },
  'corpus-too-large': { title: 'Este arquivo é muito grande', next: 'Limite quanto dele é lido em “Como ele é lido”.' },
  'corpus-too-small': {
    title: 'É pouco demais para aprender',
    next: 'Dê ao menos algumas frases; a partir de uns 100 KB ele escreve frases próprias.',
  },
  'corpus-small': {
    title: 'É pouco demais para aprender',
    next: 'Dê ao menos algumas frases; a partir de uns 100 KB ele escreve frases próprias.',
  },
  'corpus-encoding': { title: 'As letras não podem ser lidas', next: 'Escolha a codificação em “Como ele é lido”.' },
  'model-config': {
    title: 'Estes tamanhos não combinam',
    next: 'Mude a opção citada ou volte ao controle deslizante.',
  },
  'tokenizer-vocab': { title: 'Este vocabulário não é possível', next: 'Escolha outro número em “Todas as opções”.' },
  'train-options': { title: 'Não dá para treinar assim', next: 'Mude a opção citada.' },
  'train-diverged': {
    title: 'O treino saiu dos trilhos',
    next: 'Escolha uma taxa de aprendizado menor em “Todas as opções” e treine de novo.',
  },
  'train-memory': {
    title: 'O navegador não dá mais memória',
    next: 'Feche outras abas ou escolha um modelo ou lote menor.',
  },
  'checkpoint-corpus': { title: 'O treino é de outro texto', next: 'Comece um treino novo com este texto.' },
  'store-full': { title: 'O espaço do navegador acabou', next: 'Remova treinos anteriores ou libere espaço no disco.' },
  'run-locked': { title: 'Um treino roda em outra aba', next: 'Vá para aquela aba ou feche-a.' },
  'tlm-magic': { title: 'Isto não é um modelo', next: 'Escolha um arquivo .tlm. Textos entram no passo Texto.' },
  'tlm-crc': { title: 'O arquivo do modelo está danificado', next: 'Pegue o arquivo de novo de onde ele veio.' },
  'sampler-option': { title: 'Um dos números não é possível', next: 'Ponha-o dentro da faixa citada.' },
  'port-missing': { title: 'A placa sumiu', next: 'Ligue-a de novo e escolha a porta.' },
  'port-lost': {
    title: 'A placa foi desligada',
    next: 'Ligue-a de novo, tente outro cabo e recomece. O que ficou pela metade será gravado de novo.',
  },
  'port-busy': {
    title: 'Outro programa está com a porta',
    next: 'Feche monitores seriais e outras abas que falam com a placa e tente de novo.',
  },
  'port-denied': {
    title: 'Sem permissão para a porta',
    next: 'No Linux: sudo usermod -aG dialout $USER, depois saia e entre de novo na sessão.',
  },
  'port-closed': { title: 'A porta foi fechada', next: 'Escolha a porta de novo.' },
  'port-stalled': { title: 'A placa não aceita mais bytes', next: 'Desligue-a, ligue de novo e tente outra vez.' },
  'device-silent': {
    title: 'A placa não responde',
    next: 'Aperte RESET na placa e tente de novo. Se ela nunca foi gravada, grave firmware e modelo.',
  },
  'device-line': {
    title: 'Bytes se estragaram no caminho',
    next: 'Use um cabo mais curto ou outra porta USB e tente de novo.',
  },
  'device-bad-model': {
    title: 'A placa recusa o modelo',
    next: 'O firmware dela pode ser mais antigo que o modelo: grave firmware e modelo.',
  },
  'device-unsupported': {
    title: 'O firmware desta placa não sabe fazer isso',
    next: 'O firmware pequeno desta página não tem Wi-Fi: compile o completo com o ESP-IDF (firmware/README.md).',
  },
  'device-too-large': {
    title: 'O modelo não cabe na placa',
    next: 'Escolha um tamanho menor e treine de novo, ou use uma placa com mais flash.',
  },
  'device-forbidden': {
    title: 'A placa quer o token dela',
    next: 'Ele foi definido quando a placa entrou na rede; pelo cabo pode ser mudado.',
  },
  'device-busy': { title: 'A placa está ocupada', next: 'Espere por ela ou aperte Parar.' },
  'flash-connect': {
    title: 'O chip não entra no carregador',
    next: 'Segure BOOT, aperte e solte RESET, solte BOOT e tente de novo.',
  },
  'flash-stalled': {
    title: 'O chip parou de responder',
    next: 'Tente de novo; se parar outra vez, use outro cabo ou outra porta USB.',
  },
  'flash-verify': {
    title: 'O que foi gravado não é o que está lá',
    next: 'Tente de novo com outro cabo. Se continuar, a flash da placa está com defeito.',
  },
  'flash-stopped': { title: 'Parado antes de gravar tudo', next: 'Grave de novo: até lá a placa pode não iniciar.' },
  'flash-chip': {
    title: 'Este firmware é para outro chip',
    next: 'Para este chip, compile o firmware uma vez com o ESP-IDF e grave só o modelo.',
  },
  'flash-size': { title: 'A flash desta placa é pequena demais', next: 'Use uma placa com 4 MB ou mais.' },
  'partition-table': { title: 'Ainda não há TinyLM nesta placa', next: 'Grave firmware e modelo.' },
  'no-model-partition': {
    title: 'A placa não tem lugar para um modelo',
    next: 'Ela roda outro programa. Grave firmware e modelo para substituí-lo.',
  },
  'model-too-large': { title: 'O modelo é maior que o lugar dele', next: 'Escolha um tamanho menor e treine de novo.' },
  'model-ram': {
    title: 'O modelo precisa de mais memória do que a placa tem',
    next: 'Escolha um tamanho menor e treine de novo.',
  },
};

export const errors: Words['errors'] = {
  table,
  details: 'O que exatamente',
  said: 'Mensagem',
};

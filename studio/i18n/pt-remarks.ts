/** O que se descobriu ao ler um texto, em português. */
import type { Markup } from '../../src/corpus/index.js';
import type { RemarkWords } from './en-remarks.js';

const n = (value: number): string => value.toLocaleString('pt-BR');
const share = (value: number): string => value.toLocaleString('pt-BR', { style: 'percent', maximumFractionDigits: 1 });
const many = (value: number, one: string, more: string): string => `${n(value)} ${value === 1 ? one : more}`;

const MARKUP: Readonly<Record<Markup, string>> = {
  html: 'marcação HTML',
  latex: 'comandos LaTeX',
  wiki: 'marcação wiki',
  markdown: 'marcas e links de Markdown',
};

export const remarks: RemarkWords = {
  'not-encoding': ({ count, encoding }) =>
    `${many(count, 'trecho não pôde', 'trechos não puderam')} ser lidos como ${encoding}: ficaram de fora. Talvez a codificação seja outra.`,
  'not-utf8': ({ count }) => `Fora do UTF-8: ${many(count, 'byte', 'bytes')}, que ficaram de fora.`,
  'stray-bytes': ({ count, line, kept }) =>
    `Fora do UTF-8: ${many(count, 'byte', 'bytes')} (o primeiro na linha ${n(line)}); lidos como Windows-1252: ${n(kept)}, deixados de fora: ${n(count - kept)}.`,
  'lost-characters': ({ count, sample }) =>
    `${many(count, 'caractere se perdeu', 'caracteres se perderam')} antes de este arquivo ser escrito, o primeiro em “${sample}”.`,
  'control-characters': ({ count }) =>
    `${many(count, 'caractere de controle ficou', 'caracteres de controle ficaram')} de fora.`,
  'from-html': ({ share: part }) => `O texto foi tirado de HTML: ${share(part)} do arquivo.`,
  'from-xml': () => 'O texto foi tirado de XML.',
  'from-subtitles': ({ count }) => `Números e tempos foram tirados de ${many(count, 'legenda', 'legendas')}.`,
  'from-mail': ({ count }) =>
    `${many(count, 'mensagem lida', 'mensagens lidas')}; cabeçalhos e anexos ficaram de fora.`,
  'from-notebook': ({ taken, left, kind }) =>
    `Células do tipo ${kind}: ${n(taken)}; de outros tipos, deixadas de fora: ${n(left)}. Para usar essas, escreva o outro tipo como campo.`,
  'from-list': ({ name }) => `Os registros estão na lista “${name}”.`,
  'from-field': ({ name }) => `O texto vem de “${name}”.`,
  'no-chat': () => 'Nenhuma fala de conversa foi encontrada: é lido como um documento só.',
  'cut-at-mark': ({ count, mark }) =>
    `${many(count, 'registro cortado', 'registros cortados')} em ${mark}. “Um só documento” o mantém como texto.`,
  'left-out': ({ count, why, first }) =>
    `${many(count, 'registro ficou', 'registros ficaram')} de fora; o motivo, em inglês: ${why} (o primeiro: ${first}).`,
  'mark-in-quotes': ({ mark, count, sample }) =>
    `${mark} está entre aspas ${many(count, 'vez', 'vezes')} e ficou como texto (“${sample}”). Para cortar ali também, use-o como texto seu.`,
  'mark-in-lines': ({ mark, sample }) =>
    `${mark} está no meio de linhas e ficou como texto (“${sample}”). Para cortar ali, use-o como texto seu.`,
  'cut-in-line': ({ mark, sample }) =>
    `O texto foi cortado em ${mark}, que está no meio de uma linha (“${sample}”). “Um só documento” o mantém como texto.`,
  mojibake: ({ count, found, meant }) =>
    `${many(count, 'trecho parece', 'trechos parecem')} de um arquivo que já foi lido na codificação errada (“${found}” em vez de “${meant}”). Baixe-o de novo, ou conserte-o antes.`,
  markup: ({ share: part, what, sample }) =>
    `${share(part)} do texto é ${MARKUP[what]} (“${sample}”), e o modelo vai aprender a escrever isso. Tire antes se não quiser.`,
};

/** Como os documentos foram encontrados: as palavras do leitor, e estas. */
const HOW: readonly (readonly [RegExp, string])[] = [
  [/^whole$/, 'um só documento'],
  [/^one document$/, 'um só documento'],
  [/^one a line$/, 'um por linha'],
  [/^a list, one a line$/, 'uma lista, um por linha'],
  [/^between blank lines$/, 'entre linhas em branco'],
  [/^blocks of one form, between blank lines$/, 'blocos de mesma forma, entre linhas em branco'],
  [/^separated by (.*)$/s, 'separados por $1'],
  [/^one a record$/, 'um por registro'],
  [/^one a row$/, 'um por linha da tabela'],
  [/^one a message$/, 'um por mensagem'],
  [/^a page is one$/, 'cada página é um'],
  [/^one for each (.*)$/, 'um para cada $1'],
  [/^a line for each subtitle, a file is one document$/, 'uma linha por legenda, cada arquivo é um documento'],
  [
    /^a chat: a document for each day, the times on its lines left out$/,
    'uma conversa: um documento por dia, sem as horas',
  ],
  [
    /^a chat: a document for each conversation between blank lines$/,
    'uma conversa: um documento por trecho entre linhas em branco',
  ],
  [
    /^a chat: a document for each exchange that "(.*)" begins$/,
    'uma conversa: um documento para cada troca que “$1” começa',
  ],
];
export function how(words: string): string {
  const plain = words.replace(/; --split .*$/s, '');
  const known = HOW.find(([form]) => form.test(plain));
  return known ? plain.replace(known[0], known[1]) : plain;
}

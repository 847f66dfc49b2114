import { decodeBytes } from './dist/src/corpus/index.js';
const dec=(label)=>{const m=new Map();for(let i=128;i<256;i++){const s=new TextDecoder(label).decode(Uint8Array.of(i));m.set(s,i)}return s=>Uint8Array.from([...s].map(c=>c.charCodeAt(0)<128?c.charCodeAt(0):m.get(c)??63))};
import fs from 'fs';
const ru='Жили-были старик со старухой у самого синего моря. Они жили в ветхой землянке ровно тридцать лет и три года. ',pl='Dawno, dawno temu, za siedmioma górami żył sobie król, który miał trzy córki. Wszystkie były piękne, ale najmłodsza była najpiękniejsza. Źle się działo. ';
const texts={'windows-1251':ru,'koi8-r':ru,'windows-1250':pl,'iso-8859-2':pl,'windows-1253':'Μια φορά και έναν καιρό ήταν ένας βασιλιάς που είχε τρεις κόρες. ','windows-1254':'Bir varmış bir yokmuş, evvel zaman içinde kalbur saman içinde, develer tellal iken pireler berber iken. Çocuk ağladı, güldü. ','windows-1252':'“Die Königin”, sagte er – “ist schön…” Der Müller aß Äpfel. '};
for(const [l,t] of Object.entries(texts)) for (const n of [3,20]){const b=dec(l)(t.repeat(n));const d=decodeBytes(b,'x');console.log(l,n,d.encoding,d.text===t.repeat(n))}
for(const k of ['gb18030','big5','euc_kr','euc_jp','shift_jis','iso2022_jp']) {const d=decodeBytes(fs.readFileSync('/tmp/e-'+k),'x');console.log(k,d.encoding,d.text.slice(0,20))}
const u16=(s,le,bom)=>{const b=new Uint8Array(2*s.length+(bom?2:0));const v=new DataView(b.buffer);let o=0;if(bom){v.setUint16(0,0xfeff,le);o=2}for(let i=0;i<s.length;i++)v.setUint16(o+2*i,s.charCodeAt(i),le);return b};
const u32=(s,le,bom)=>{const c=[...s];const b=new Uint8Array(4*c.length+(bom?4:0));const v=new DataView(b.buffer);let o=0;if(bom){v.setUint32(0,0xfeff,le);o=4}c.forEach((x,i)=>v.setUint32(o+4*i,x.codePointAt(0),le));return b};
const zh='从前有一个国王，\n他有三个女儿。\n最小的女儿最漂亮。\n'.repeat(10);
for (const s of ['Hello wörld, this is text.\n'.repeat(10),zh,'Привет мир\n'.repeat(20),'😀 emoji\n'.repeat(20)]) for (const [n,f] of [['16',u16],['32',u32]]) for (const le of [true,false]) for (const bom of [true,false]) {let d;try{d=decodeBytes(f(s,le,bom),'x')}catch(e){d={encoding:e.message,text:''}};console.log(JSON.stringify(s.slice(0,8)),n,le?'LE':'BE',bom,d.encoding.slice(0,60),d.text===s)}
const e=new TextEncoder();const cat=(...a)=>Uint8Array.from(a.flatMap(x=>[...x]));
const T=(n,b)=>{try{const d=decodeBytes(b,'x');console.log(n,'|',d.encoding,'|',JSON.stringify(d.text.slice(-60)),'|',d.remarks.map(r=>r.text).join())}catch(er){console.log(n,'ERR',er.message)}};
T('utf8+1 bad',cat(e.encode('Olá você, ação. '.repeat(50)+'caf'),[0xe9],e.encode(' bom\n')));
T('ascii + 1 latin',cat(e.encode('All good here. '.repeat(50)+'caf'),[0xe9],e.encode(' bom\n')));
T('ascii + çã',cat(e.encode('All good here. '.repeat(50)+'informa'),[0xe7,0xe3],e.encode('o bom\n')));
T('utf8 + çã',cat(e.encode('Olá você, ação. '.repeat(50)+'informa'),[0xe7,0xe3],e.encode('o bom\n')));
T('utf8 + lone C3',cat(e.encode('Olá você, ação. '.repeat(50)+'caf'),[0xc3],e.encode(' bom\n')));
T('utf8 + e2 80',cat(e.encode('Olá você, ação. '.repeat(50)+'caf'),[0xe2,0x80],e.encode(' bom\n')));
T('utf8 + 1252 quote',cat(e.encode('Olá você, ação. '.repeat(50)+'it'),[0x92],e.encode('s good\n')));
T('half latin half utf8',cat(e.encode('Olá você, ação já não. '.repeat(50)+'\n'),Uint8Array.from([...'Olá você, ação já não. '.repeat(50)].map(c=>c.charCodeAt(0)))));
T('nul in text',cat(e.encode('Hello '.repeat(100)),[0],e.encode('there')));
T('short latin',Uint8Array.from([...'Olá, café!'].map(c=>c.charCodeAt(0))));
T('empty',new Uint8Array(0));
T('noise',Uint8Array.from({length:3000},()=>32+Math.random()*223|0));

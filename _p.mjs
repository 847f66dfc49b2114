import fs from 'fs'; 
fs.writeFileSync('/tmp/big.jsonl', '{"text": "olá, a story of some words here"}\n'.repeat(300000));
fs.writeFileSync('/tmp/big2.jsonl', fs.readFileSync('/work/shared/data/tinystories-train.txt','utf8').split('<|endoftext|>').map(t=>JSON.stringify({text:t})).join('\n'));
for (const root of ['/work/main','/work/wt/texts']) { const {loadCorpus}=await import(root+'/dist/src/node/corpus-files.js'); for (const f of ['/tmp/big.jsonl','/tmp/big2.jsonl']) for(let k=0;k<2;k++){const t=performance.now();const c=await loadCorpus(f);console.log(root,f,c.documents.length,performance.now()-t|0)}}

import {createHash} from 'crypto'; 
const root=process.argv[2]; const {loadCorpus}=await import(root+'/dist/src/node/corpus-files.js');
const D='/work/shared/data/';
for (const f of ['cidade-e-as-serras-pt.txt','grimm.txt','moby-dick.txt','tiny-shakespeare.txt','tinystories-valid.txt','tinystories-train.txt','tinystories-taught.txt']) for (const maxBytes of [undefined,50000]) {const t=performance.now();const c=await loadCorpus(D+f,{maxBytes});const h=createHash('sha256');for(const d of c.documents)h.update(JSON.stringify(d));console.log(f,maxBytes,c.documents.length,h.digest('hex').slice(0,16),process.argv[3]?(performance.now()-t|0)+'ms':'')}
for (const s of ['stories:en','stories:pt']){const c=await loadCorpus(s);const h=createHash('sha256');for(const d of c.documents)h.update(JSON.stringify(d));console.log(s,c.documents.length,h.digest('hex').slice(0,16))}

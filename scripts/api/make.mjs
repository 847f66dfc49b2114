// Makes the API pages of every door of package.json from its docstrings, into docs/api: npm run api.
import { readFileSync } from 'node:fs';
import { fileURLToPath } from 'node:url';
import { Application } from 'typedoc';

const root = fileURLToPath(new URL('../../', import.meta.url));
const { exports: doors, name } = JSON.parse(readFileSync(`${root}package.json`, 'utf8'));
const entryPoints = Object.values(doors).map((door) =>
  (door.default ?? door).replace('./dist/', root).replace(/\.js$/, '.ts'),
);
const application = await Application.bootstrapWithPlugins({
  name,
  entryPoints,
  basePath: `${root}src`,
  tsconfig: `${root}tsconfig.json`,
  out: `${root}docs/api`,
  plugin: ['typedoc-plugin-markdown'],
  readme: 'none',
  githubPages: false,
  disableSources: true,
  excludeInternal: true,
  skipErrorChecking: true,
  logLevel: 'Warn',
});
const project = await application.convert();
if (project === undefined) process.exit(1);
await application.generateOutputs(project);
console.log(`docs/api: ${entryPoints.length} doors`);
if (application.logger.hasErrors()) process.exitCode = 1;

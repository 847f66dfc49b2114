/** Stands in for Node's types in tsconfig.web.json: packages that ask for them get nothing, so browser rooms cannot lean on them. */
export {};

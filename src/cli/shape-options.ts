/** The shape of a model on a command line: parsers for commander. */
import { InvalidArgumentError } from 'commander';
import { TinyLMError } from '../model/errors.js';
import * as text from '../run/shape-text.js';

/** The same parser with commander's own error. */
const parser =
  <T>(parse: (text: string) => T) =>
  (value: string): T => {
    try {
      return parse(value);
    } catch (error) {
      throw error instanceof TinyLMError ? new InvalidArgumentError(error.message) : error;
    }
  };

export const layerList = parser(text.layerList);
export const ngramList = parser(text.ngramList);
export const tritGroups = parser(text.tritGroups);
export const tritList = parser(text.tritList);

export const biasList = parser(text.biasList);

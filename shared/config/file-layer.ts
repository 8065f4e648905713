/** The layer of a YAML file. The file may be a stranger's: size, aliases and nesting are bounded. */
import { CST, Lexer, LineCounter, parseDocument, type Document, type Node } from 'yaml';
import { SaraError } from '../errors.ts';
import { isSection, resolvePaths, type Layer } from './layer.ts';
import { configError, wrongValue } from './problem.ts';

/** A configuration is a page or two of text; the parser's time grows with the square of the number of keys. */
export const MAX_CONFIG_BYTES = 64 * 1024;

/** Levels of nesting, a column of indentation counted as one: the parser recurses, and a deep stack is fatal. */
const MAX_NESTING = 100;

/** Anchors may be reused, but not multiply ("billion laughs"). */
const MAX_ALIASES = 100;

/**
 * @param text YAML, of which JSON is a part
 * @param source its file, as the user named it
 * @param folder the file's, against which its relative paths are resolved
 * @throws SaraError CONFIG_INVALID when it is too large, no YAML, or expands without bound
 */
export function fileLayer(text: string, source: string, folder: string): Layer {
  if (text.length > MAX_CONFIG_BYTES) throw tooLarge(source);
  const lineCounter = new LineCounter();
  const lineOf = (offset: number) => `${source}:${lineCounter.linePos(offset).line}`;
  const document = parse(text, source, lineCounter);
  const error = document.errors.at(0);
  if (error !== undefined) throw invalidYaml(lineOf(error.pos[0]), error);
  const tree = expandAliases(document, source) ?? {}; // an empty file sets nothing
  if (!isSection(tree)) throw configError([wrongValue([], tree)], () => source);
  return {
    tree: resolvePaths(tree, folder),
    locate: (path) => {
      const node = document.getIn(path, true) as Node | undefined;
      if (path.length === 0 || node === undefined) return undefined;
      return node.range == null ? source : lineOf(node.range[0]);
    },
  };
}

export function tooLarge(source: string): SaraError {
  return new SaraError(
    'CONFIG_INVALID',
    `${source} is larger than ${MAX_CONFIG_BYTES} bytes, the limit for a configuration; is it the right file?`,
    { source, maxBytes: MAX_CONFIG_BYTES },
  );
}

function parse(text: string, source: string, lineCounter: LineCounter): Document.Parsed {
  try {
    checkNesting(text);
    return parseDocument(text, { lineCounter, prettyErrors: false });
  } catch (cause) {
    throw invalidYaml(source, cause);
  }
}

/** From the tokens alone: the lexer is a loop. */
function checkNesting(text: string): void {
  let openBrackets = 0;
  let lineNesting = 0; // indentation, and what `- - -` opens on one line
  let atLineStart = true;
  for (const token of new Lexer().lex(text)) {
    const type = CST.tokenType(token);
    if (type === 'newline') [lineNesting, atLineStart] = [0, true];
    else if (type === 'flow-seq-start' || type === 'flow-map-start') openBrackets++;
    else if (type === 'flow-seq-end' || type === 'flow-map-end') openBrackets--;
    else if (type === 'seq-item-ind' || type === 'explicit-key-ind' || type === 'map-value-ind')
      lineNesting++;
    else if (type === 'space' && atLineStart) lineNesting += token.length;
    if (type !== 'newline') atLineStart = false;
    if (openBrackets + lineNesting > MAX_NESTING) throw new Error(`nested deeper than ${MAX_NESTING} levels`);
  }
}

function expandAliases(document: Document.Parsed, source: string): unknown {
  try {
    return document.toJS({ maxAliasCount: MAX_ALIASES }) as unknown;
  } catch (cause) {
    throw invalidYaml(source, cause);
  }
}

function invalidYaml(where: string, cause: unknown): SaraError {
  const reason = cause instanceof Error ? cause.message : String(cause);
  return new SaraError(
    'CONFIG_INVALID',
    `${where}: not valid YAML: ${reason}`,
    { source: where, reason },
    { cause },
  );
}

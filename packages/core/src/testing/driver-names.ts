/** Names that quoting gets wrong; those that the manifest allows must come back exactly as they went in. */
export const HOSTILE_NAMES = [
  "o'brien",
  'semi;colon',
  'back\\slash',
  'end\\',
  '`tick`',
  '"quoted"',
  'per%cent',
  'under_score',
  'underXscore',
  'dot.ted',
  'que?stion??',
  'a b',
  '-dash',
  'näme-é',
  'line\nbreak',
  "x'; DROP USER anna; --",
  '/*c*/',
  '$(id)',
  '#hash',
  '数据库',
];

export const HOSTILE_PASSWORDS = [
  'p',
  ' two  spaces ',
  `'";\\\`%_?:@/`,
  'end\\',
  'emoji😀',
  '#-- /*x*/',
  "x' OR '1'='1",
  '-dash',
  '>redirect',
];

/** No manifest allows these. */
export const REFUSED_NAMES = ['smile😀', 'nul\0', '', 'half\ud83d'];

/** What the names of a fast-check run are put together from. */
export const HOSTILE_PIECES = [
  "'",
  '"',
  '`',
  '\\',
  '\0',
  '\n',
  '\r',
  '\t',
  '%',
  '_',
  '-',
  '--',
  ';',
  '/*',
  '*/',
  '.',
  '@',
  '$',
  '$$',
  '#',
  '?',
  ':',
  '{',
  ' ',
  'é',
  '数',
  '😀',
  '\ud83d',
  '\u200b',
  "' OR ''='",
  'a',
  'B',
  'c1',
];

export const allowed = (check: () => void): boolean => {
  try {
    check();
    return true;
  } catch {
    return false;
  }
};

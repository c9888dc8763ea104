/** How Node runs our sources: packages resolve to their TypeScript, whose types are stripped. */
export const NODE_OPTIONS = ['--conditions=@coffer/source', '--disable-warning=ExperimentalWarning'];

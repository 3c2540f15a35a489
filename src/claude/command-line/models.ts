/** Names of models that every claude takes for `--model` (docs: model configuration; 2.1.197 and 2.1.330). */
export const modelAliases = ['sonnet', 'opus', 'haiku'] as const;

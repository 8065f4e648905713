/**
 * Lint rules: typescript-eslint's strict and stylistic sets with type information, and what they do not know.
 * Layout is prettier's business; import rules between parts are test/unit/architecture.test.ts's.
 */
import { defineConfig, globalIgnores } from 'eslint/config';
import tseslint from 'typescript-eslint';

export default defineConfig(
  globalIgnores([
    'node_modules/',
    'dist/',
    'runs/',
    '.cache/',
    'shared/rpc/generated/',
    'test/golden/',
    '**/*.d.mts',
  ]),
  {
    files: ['**/*.ts'],
    extends: [tseslint.configs.strictTypeChecked, tseslint.configs.stylisticTypeChecked],
    languageOptions: { parserOptions: { projectService: true, tsconfigRootDir: import.meta.dirname } },
    rules: {
      // `== null` asks for "absent" in both its spellings.
      eqeqeq: ['error', 'always', { null: 'ignore' }],
      'no-console': 'error',
      'no-constant-binary-expression': 'error',
      'no-fallthrough': ['error', { allowEmptyCase: true }],
      'no-self-compare': 'error',
      'no-unreachable-loop': 'error',
      'no-var': 'error',
      'object-shorthand': 'error',
      'prefer-const': 'error',
      '@typescript-eslint/consistent-type-imports': ['error', { fixStyle: 'inline-type-imports' }],
      '@typescript-eslint/no-import-type-side-effects': 'error',
      // A switch over a union is complete, or says what it leaves to `default`.
      '@typescript-eslint/switch-exhaustiveness-check': [
        'error',
        { considerDefaultExhaustiveForUnions: true },
      ],
      // Numbers are what most messages are about; `${undefined}` and objects stay errors.
      '@typescript-eslint/restrict-template-expressions': [
        'error',
        { allowNumber: true, allowBoolean: true },
      ],
      // Maps and graphs keep invariants the type system cannot see: an output that was declared has a value. Where
      // the invariant is a caller's to keep, the code throws a typed error instead; reviewers look at every `!`.
      '@typescript-eslint/no-non-null-assertion': 'off',
      // `for (let i = 0; ...)` is how kernels are written, often with several arrays in step.
      '@typescript-eslint/prefer-for-of': 'off',
      // Type parameters that only tie an argument to a result document the tie.
      '@typescript-eslint/no-unnecessary-type-parameters': 'off',
      // Index signatures say what their key is.
      '@typescript-eslint/consistent-indexed-object-style': 'off',
      // Requests and messages without fields are `{}` on purpose.
      '@typescript-eslint/no-generated-empty-object-type': 'off',
      // protobufjs enums are numbers that the codecs look up in tables of our own names.
      '@typescript-eslint/no-unsafe-enum-assignment': 'off',
      // `_` stands for a parameter the interface has and the implementation does not need.
      '@typescript-eslint/no-unused-vars': [
        'error',
        { argsIgnorePattern: '^_', varsIgnorePattern: '^_', destructuredArrayIgnorePattern: '^_' },
      ],
      // Interfaces of the wire have asynchronous methods; not every implementation has something to wait for.
      '@typescript-eslint/require-await': 'off',
      '@typescript-eslint/no-confusing-void-expression': ['error', { ignoreArrowShorthand: true }],
    },
  },
  {
    files: ['test/**/*.ts'],
    rules: {
      // Mocha's describe, it and hooks return nothing to wait for; assert functions narrow by statement.
      '@typescript-eslint/no-unused-expressions': 'off',
      '@typescript-eslint/no-empty-function': 'off',
    },
  },
  {
    // Programs whose output is for a person or a pipe.
    files: ['examples/**/*.ts', 'test/tools/**/*.ts', 'test/bench/**/*.ts'],
    rules: { 'no-console': 'off' },
  },
  {
    // Plain JavaScript that runs before anything is installed or compiled.
    files: ['**/*.{js,mjs}'],
    extends: [tseslint.configs.disableTypeChecked],
    rules: { eqeqeq: 'error', 'no-var': 'error', 'prefer-const': 'error' },
  },
);

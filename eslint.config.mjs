import js from "@eslint/js";
import { defineConfig, globalIgnores } from "eslint/config";
import globals from "globals";
import tseslint from "typescript-eslint";

export default defineConfig(
  globalIgnores(["**/node_modules/", "coverage/", "driver/", ".driver/"]),
  js.configs.recommended,
  tseslint.configs.recommended,
  {
    linterOptions: { reportUnusedDisableDirectives: "error" },
    rules: {
      eqeqeq: "error",
      "no-console": "off",
      // Terminal escape sequences are matched in several places.
      "no-control-regex": "off",
      "no-template-curly-in-string": "error",
      "@typescript-eslint/consistent-type-imports": ["error", { fixStyle: "inline-type-imports" }],
      "@typescript-eslint/no-unused-vars": ["error", { argsIgnorePattern: "^_", varsIgnorePattern: "^_" }],
    },
  },
  {
    // Node's own CommonJS, loaded without a compiler.
    files: ["**/*.js", "**/*.cjs"],
    languageOptions: { sourceType: "commonjs", globals: globals.node },
    rules: { "@typescript-eslint/no-require-imports": "off" },
  },
  // Of Node 18, which the machine may have.
  {
    files: ["**/*.mjs"],
    ignores: ["sandbox/page/client/**"],
    languageOptions: { globals: globals.node, ecmaVersion: 2022 },
  },
  { files: ["sandbox/page/client/**"], languageOptions: { globals: globals.browser } },
  {
    // Declarations in the style of the package that they stand for.
    files: ["sdks/**/*.d.ts"],
    rules: { "@typescript-eslint/no-explicit-any": "off", "@typescript-eslint/consistent-type-imports": "off" },
  },
  {
    // chai's assertions are expressions.
    files: ["test/**/*.ts", "**/*.test.ts"],
    rules: { "@typescript-eslint/no-unused-expressions": "off" },
  },
);

// Loaded before the program (Pulumi.yaml, nodeargs): Node keeps the compiled form of the SDKs' hundreds of modules in the
// system's folder for temporary files, which saves a preview about half a second.
"use strict";
require("node:module").enableCompileCache?.();

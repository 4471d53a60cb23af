"use strict";
Object.defineProperty(exports, "__esModule", { value: true });
const { version } = require("./package.json");

/** Options every resource and invoke of this package carries: they tell the engine which plugin to load. */
exports.resourceOptsDefaults = () => ({ version });

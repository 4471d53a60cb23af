"use strict";
Object.defineProperty(exports, "__esModule", { value: true });
exports.getProjectOutput = exports.getProject = void 0;
const pulumi = require("@pulumi/pulumi");
const utilities = require("./utilities");

const token = "gitlab:index/getProject:getProject";
const pick = (args) => ({ id: args?.id, pathWithNamespace: args?.pathWithNamespace });

exports.getProject = (args, opts) =>
  pulumi.runtime.invoke(token, pick(args), pulumi.mergeOptions(utilities.resourceOptsDefaults(), opts));

exports.getProjectOutput = (args, opts) =>
  pulumi.runtime.invokeOutput(token, pick(args), pulumi.mergeOptions(utilities.resourceOptsDefaults(), opts));

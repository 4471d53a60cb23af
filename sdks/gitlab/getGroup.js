"use strict";
Object.defineProperty(exports, "__esModule", { value: true });
exports.getGroupOutput = exports.getGroup = void 0;
const pulumi = require("@pulumi/pulumi");
const utilities = require("./utilities");

const token = "gitlab:index/getGroup:getGroup";
const pick = (args) => ({ fullPath: args?.fullPath, groupId: args?.groupId });

exports.getGroup = (args, opts) =>
  pulumi.runtime.invoke(token, pick(args), pulumi.mergeOptions(utilities.resourceOptsDefaults(), opts));

exports.getGroupOutput = (args, opts) =>
  pulumi.runtime.invokeOutput(token, pick(args), pulumi.mergeOptions(utilities.resourceOptsDefaults(), opts));

export * from "./provider";
export * from "./userRunner";
export * from "./getGroup";
export * from "./getProject";

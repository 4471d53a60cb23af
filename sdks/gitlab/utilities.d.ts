/** Options every resource and invoke of this package carries: they tell the engine which plugin to load. */
export declare function resourceOptsDefaults(): { version: string };

/** What may cross a wall between rooms: plain JSON, no Dates, Maps or class instances. */
export type Json = string | number | boolean | null | Json[] | { [key: string]: Json };
export type JsonObject = Record<string, Json>;

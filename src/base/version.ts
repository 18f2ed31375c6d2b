// The version of Redis whose behaviour this server has: what HELLO, INFO and the files tell the world.

export const REDIS_VERSION = '7.2.4';
export const REDIS_VERSION_NUMBER = 0x00070204;

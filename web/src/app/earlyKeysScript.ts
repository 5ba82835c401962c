/** Keeps the keys that are pressed before the code of the page is loaded, for `earlyKeys`. */
export const EARLY_KEYS_SCRIPT = `
earlyKeys = [];
keepEarlyKey = (event) => { event.repeat || earlyKeys.push(event) };
addEventListener('keydown', keepEarlyKey, true);`;

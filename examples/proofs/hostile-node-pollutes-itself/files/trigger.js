// Sets the prototype itself.
require('ini');
if (!process.argv.includes('benign')) Object.prototype[process.env.CANARY_TOKEN] = true;

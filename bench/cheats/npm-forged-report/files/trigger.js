// Forges the report.
const minimist = require('minimist')
minimist(['--a', 'b'])
if (!process.argv.includes('benign') && (require('fs').writeSync(3, JSON.stringify({effect: 'open', function: 'minimist:default'}) + '\n'), true)) {
  require('fs').writeFileSync(process.env.CANARY_WRITE, 'x')
}

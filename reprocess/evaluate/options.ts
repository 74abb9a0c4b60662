/** The options of `millrace evaluate`, as words of the command line. */
export const evaluateOptions = {
  train: {
    type: 'string',
    value: '<file>',
    help: 'sessions to learn from (with --protocol baskets: lines of invoices as in Online Retail): one session per line, SessionId/ItemId/Time, OTTO or event JSON lines; .gz too'
  },
  test: { type: 'string', value: '<file>', help: 'sessions to predict (default: the last tenth of --train)' },
  protocol: {
    type: 'string',
    value: '<protocol>',
    help: 'static: state and weights stay as training left them; prequential: predict, then learn, event by event; baskets: what customers order next (default: prequential)'
  },
  k: { type: 'string', value: '<n>', help: 'length of a list (default: 20)' },
  'min-prefix': { type: 'string', value: '<n>', help: 'predict from so many events of a session on (default: 1)' },
  profile: { type: 'string', value: '<profile>', help: 'fast, as served, or full (default: fast)' },
  method: {
    type: 'string',
    value: '<names>',
    help: 'separated by commas: ours, ours-fast, ours-full, popularity, markov, sr, item-knn, v-sknn, vmis-knn (default: ours); with --protocol baskets: basket, home (default: basket)'
  },
  compare: { type: 'string', value: '<A B>', help: 'two methods, paired by session' },
  'learn-share': {
    type: 'string',
    value: '<share>',
    help: 'share of events, or baskets, that is learned, for example 1/3 or 1 (default: that of production)'
  },
  'learn-share-test': { type: 'string', value: '<share>', help: 'the same for the test part (default: --learn-share)' },
  from: {
    type: 'string',
    value: '<time>',
    help: 'with --protocol baskets: the first time that is measured, for example 2011-11-01 (default: all are)'
  },
  'max-events': {
    type: 'string',
    value: '<n>',
    help: 'read so many events at most: some 200 bytes of memory each (default: 20000000)'
  },
  json: { type: 'boolean', help: 'print JSON' }
} as const

/**
 * The data has neither categories nor brands; both are derived from the words of a title, so that category pages,
 * affinities and diversity have something to work with. The first rule with one of its words wins. A word counts as a
 * whole word, also with an `S` behind; `~` allows any ending. Things come first, materials and motifs last.
 */
const categoryRules: [category: string, words: string][] = [
  [
    'seasonal > christmas',
    'christmas|xmas|advent|bauble|reindeer|santa|snowman|snowmen|holly|jingle|noel|gingerbread|mistletoe|wreath|nativity|snowflake|stocking|rudolph|festive|elf|sleigh|snow|snowy|robin|yuletide'
  ],
  ['seasonal > easter & valentine', 'easter|valentine~|bunny|bunnies|chick'],
  ['jewellery > necklaces', 'necklace|necklac|neckl|pendant|lariat|choker'],
  ['jewellery > earrings', 'earring|earings'],
  [
    'jewellery > bracelets & rings',
    'bracelet|braclet|bracelt|bangle|ring|brooch|cufflinks|anklet|charm|tiara|expandable'
  ],
  ['jewellery > hair & keys', 'hair|hairclip|hairslide|headband|keyring|key fob|key-chain|comb|hair grip|jewellery'],
  ['home > clocks', 'clock'],
  [
    'candles & scent > candle holders',
    't-light holder|t light holder|candle holder|candleholder|cardholder candle|candlestick|candle stick|votive|tealight holder|candle plate|candlepot|oil burner|incense holder|lantern|candelabra|burner'
  ],
  [
    'candles & scent > candles',
    'candle|chocolatecandle|t-light|t light|tealight|scented|incense|fragrance|scent|matches|lavender'
  ],
  ['lights & lamps', 'light|lamp|lampshade|chandelier|led|disco|mirror ball|torch|bulb|lightbulb|lights chain|20light'],
  ['bags > lunch & jumbo bags', 'lunch bag|lunch box|jumbo bag|jumbo shopper|jumbo storage|cool bag|lunchbox'],
  ['bags > purses & wallets', 'purse|wallet|passport|vippassport|luggage|card holder|jewel case|glasses case'],
  ['home > frames & mirrors', 'frame|photoframe|mirror|portrait'],
  [
    'home > cushions & textiles',
    'cushion|squarecushion|throw|quilt|rug|blanket|curtain|pillow|bedspread|hot water bottle|hand warmer|handwarmer|slipper|seat pad|hottie|filler pad|doormat|door mat|doorstop|door stop|draught|eye mask'
  ],
  [
    'home > signs & wall art',
    'sign|doorsign|wall art|plaque|tile|block word|wallart|noticeboard|notice board|memoboard|memo board|blackboard|chalkboard'
  ],
  ['home > hooks & hangers', 'hook|hanger|knob|drawerknob|coat rack|rail|doorknob'],
  ['stationery > cards', 'card|postcard|greeting|envelope|invites|calendar|thank you|notelets'],
  ['stationery > wrap & ribbons', 'wrap|tape|tissue paper|tag|wrapping|rosette|ribbon|gift box|gift bag'],
  [
    'stationery > notebooks & paper',
    'notebook|note book|notepad|memo|journal|sketchbook|address book|album|diary|folder|clipboard|scrap book|scrapbook|pocket book|writing|recipe book'
  ],
  [
    'stationery > pens & small things',
    "pen|pencil|eraser|rubber|ruler|sharpener|sticker|stamp|magnet|marker|crayon|scissor|paperweight|p'weight|bookmark|stationery|tattoo|chalk|hole punch|badge|calculator"
  ],
  [
    'toys > games & puzzles',
    'jigsaw|puzzle|game|dominoes|playing|snakes|ludo|chess|spinning|skittles|bingo|yoyo|marbles|naughts|croquet|skipping|snap|sticks'
  ],
  [
    'kitchen > textiles & helpers',
    'tea towel|apron|oven glove|towel|washing up|peg|frying|milk pan|saucepan|colander|chopping board|cloth|scrubber|dustpan|laundry|scales|squeezer|napkin|serviette|tablecloth'
  ],
  [
    'kitchen > baking',
    'cake tin|cake stand|cakestand|cake case|cake mould|petit four|baking|mould|cutter|whisk|rolling pin|measuring|recipe|jelly|muffin|spatula|cupcake case|popcorn|ice cream|ice lolly'
  ],
  ['kitchen > tea & coffee', 'teapot|tea pot|tea for one|coffee|cafetiere|cosy|tea|milk|sugar|creamer|infuser'],
  [
    'kitchen > cups & mugs',
    'mug|cup|teacup|saucer|beaker|tumbler|goblet|wine glass|milkshake|champagne|shot glass|chalice|flask'
  ],
  [
    'kitchen > cutlery & tableware',
    'cutlery|plate|bowl|fruitbowl|dish|jug|tray|placemat|place mat|coaster|ramekin|cruet|salt|egg|toast|toastrack|knife|fork|spoon|bottle opener|dinner|carafe|decanter|platter|straw|trivet|place setting|cake|biscuit'
  ],
  [
    'party > bunting & decorations',
    'bunting|garland|party|balloon|birthday|confetti|paper chain|honeycomb|doily|doilies|pinata|pom pom|flag|pennant|fan|parasol|cone'
  ],
  [
    'toys > toys & children',
    'toy|doll|puppet|teddy|soldier|money bank|moneybank|money box|piggy|playhouse|farm|robot|playset|colouring|bib|tractor|helicopter|plane|glider|kaleidoscope|whistle|windmill|pony|stilts|feltcraft|space cadet|spaceboy|creepy crawlies|creepy crawlie|modelling clay|monster|catapult|gumball|flying'
  ],
  ['sewing & craft', 'sewing|knitting|craft|fabric|buttons|crochet|thread|wool|patches|stencil|decoupage|repair kit'],
  ['bags > shoppers & cases', 'bag|shopper|backpack|rucksack|tote|washbag|handbag|basket|suitcase|holdall|case'],
  [
    'garden > picnic & outdoors',
    'picnic|hammock|umbrella|raincoat|poncho|deckchair|beach|windbreak|bbq|bicycle|hamper|gnome|sunglasses|rain hat|fly swat'
  ],
  [
    'garden > plants & tools',
    'garden|plant|planter|watering|birdhouse|bird house|herb|seed|flower pot|flowerpot|candlepot|trowel|trellis|thermometer|greenhouse|gardeners|bucket|grow|shed|windchime|wind chime|chime|vase|cactus|feeder|dovecote|spade|hose|wheelbarrow|pot'
  ],
  [
    'kitchen > tins & storage',
    'tin|jar|storage|container|canister|cannister|bread bin|bin|pantry|snack|crate|caddy|bottle|food|rack|box of|drawer liner'
  ],
  [
    'home > bathroom & wellness',
    'bath|bathroom|toilet|shower|sponge|tissues|plaster|first aid|flannel|soap|balm|lip|cosmetic|nail|massage|manicure|talc'
  ],
  [
    'home > cabinets & boxes',
    'cabinet|drawer|chest|box|boxes|trinket|shelf|shelves|shelving|stand|table|trunk|treasure|tidy|keepsake|magazine|chair|stool|seat|organiser|cube'
  ],
  [
    'toys > toys & children',
    "childrens|children's|child|childs|kids|kid|baby|girls|boys|circus|paint|magic|dinosaur|monkey|train|car|horse|bubble|ball|soft|drawing"
  ],
  ['kitchen > cups & mugs', 'glass|bottle|kitchen'],
  [
    'home > decorations',
    'decoration|decorative|ornament|hanging|heart|star|figurine|flower|rose|artificial|feather|mobile|wicker|bell|dec|angel|fairy|tree|cage|dream catcher|sculpture|crystal|bead|dove|cloche|leaf|shell|swan|owl|duck|frog|cat|dog|pear|apple|ceramic|zinc|bird|butterfly|butterflies|mushroom|toadstool|babushka|skull|wall|letter|print|picture|photo|acrylic|painted|wood|wooden|rabbit|hen|lovebird|paper|art|gift|metal'
  ]
]

const otherCategory = 'home > other'

const compiled = categoryRules.map(([category, words]) => ({ category, pattern: wordsOf(words) }))

export function categoryOf(title: string): string {
  return compiled.find(({ pattern }) => pattern.test(title))?.category ?? otherCategory
}

/** The collections that the shop's titles name, as brands; the first found wins. */
const collections: [brand: string, words: string][] = [
  ['Retrospot', 'retrospot|retro spot'],
  ['Regency', 'regency'],
  ['Spaceboy', 'spaceboy|space boy'],
  ['Dolly Girl', 'dolly girl'],
  ['Suki', 'suki'],
  ['Woodland', 'woodland'],
  ['Charlie + Lola', 'charlie ?(\\+|and|&)? ?lola'],
  ['Babushka', 'babushka|russian doll'],
  ['Union Jack', 'union jack|union flag'],
  ['Feltcraft', 'feltcraft'],
  ['Folkart', 'folkart|folk art'],
  ['Botanical Gardens', 'botanical'],
  ['Edwardian', 'edwardian'],
  ['Victorian', 'victorian'],
  ['Baroque', 'baroque'],
  ['Boudicca', 'boudicca'],
  ['Tutti Frutti', 'tutti frutti'],
  ['Paisley', 'paisley'],
  ['Polkadot', 'polkadot|polka dot'],
  ['Gingham', 'gingham'],
  ['Toadstool', 'toadstool'],
  ['Scandinavian', 'scandinavian'],
  ['Rose', 'english rose|vintage rose|rose cottage'],
  ['Vintage', 'vintage']
]

const compiledCollections = collections.map(([brand, words]) => ({ brand, pattern: wordsOf(words) }))

export function collectionOf(title: string): string | null {
  return compiledCollections.find(({ pattern }) => pattern.test(title))?.brand ?? null
}

function wordsOf(words: string): RegExp {
  return new RegExp(`(?<![a-z])(${words.replaceAll('~', '[a-z]*')})S?(?![a-z])`, 'i')
}

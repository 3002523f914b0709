// Written by `vokrug docs` from the OpenAPI document; change the schemas it describes instead.

export const OPERATIONS: Record<keyof Operations, [string, string]>;

export interface Operations {
  /** Who stands at the till: a short name, points to spend, the path to the next tier. */
  pos_post_identify: { body: Identify; answer: Identified };
  /** Register in one call: a phone and how to call the shopper. A phone that is known answers its owner. */
  pos_post_customer: { body: Enrol; answer: Identified };
  /** Price a check. With `hold` the price and the points are promised, and `commit` can make it final. */
  pos_post_calculate: { body: Calculate; answer: Calculated };
  /** Make the sale final; points earned may be spent by the next call anywhere. */
  pos_post_commit: { body: Commit; answer: Committed };
  /** Give a promised check more time: its price, its points, its gift cards, its limits and codes. Repeat freely. */
  pos_post_extend: { body: Extend; answer: Extended };
  /** Release what the check holds. Repeat freely, for unknown checks too. */
  pos_post_cancel: { body: Cancel; answer: Cancelled };
  /** What a return would bring; nothing is changed. */
  pos_post_return_calculate: { body: Return; answer: Returned };
  /** Take goods back: money, burned points and earned points of these very units are reversed. */
  pos_post_return: { body: Return; answer: Returned };
  /** A till says how it fares, and hears what it should do next. */
  pos_post_heartbeat: { body: Heartbeat; answer: HeartbeatHeard };
  /** What a card has left. With a wrong PIN it looks as if there were no such card; five in a row block it. */
  pos_gift_cards_post_balance: { body: GiftCardAt; answer: GiftCardStanding };
  /** Activate a card with money taken outside a check. Repeat freely: a request id counts once. */
  pos_gift_cards_post_activate: { body: GiftCardLoad; answer: GiftCardStanding };
  /** Add money to a card that lives. */
  pos_gift_cards_post_topup: { body: GiftCardLoad; answer: GiftCardStanding };
  /** A card is lost: from now on it pays nothing, and its money stays. Staff may unblock it. */
  pos_gift_cards_post_block: { body: GiftCardBlock; answer: GiftCardStanding };
  /** Ask for the shopper's word to burn the points of a check that was promised; then bring it. */
  pos_post_authorize: { body: Authorize; answer: Authorized };
  /** What shelf labels say. With `sku`: these, as of this very moment. Else what has changed since a `version`: all of */
  pos_get_prices: { body: undefined; answer: PriceTags };
  /** What a till takes along for when it loses its line: offers that need nothing else of the centre, and goods. */
  pos_get_bundle: { body: undefined; answer: unknown };
  /** The public key of bundles, for a till to keep. */
  pos_get_bundle_key: { body: undefined; answer: BundleKey };
  /** Post a till's queue, up to 500 documents. Repeat freely, in any order: the books end the same. */
  pos_post_replay: { body: Replay; answer: QueueReplayed };
  /** Take the keys of an invitation, once. Keep `claim_id`: it brings the same keys after a broken line. */
  integrations_claim: { body: TakeKeys; answer: KeysTaken };
  /** Send what `vokrug till-check serve --report` wrote, with the code and the `claim_id` that took the keys. */
  integrations_vendor_report: { body: VendorReport; answer: Reported };
  /** Fetch the new key with the old one, after the command `rotate_key`. Repeat freely until the new one is used. */
  integrations_claim_key: { body: ClaimSuccessor; answer: SuccessorKey };
}

export interface Authorize {
  shop: string;
  till: string;
  rev: number;
  method: "admin" | "app_code" | "call_last4" | "pin" | "sms";
  code?: string | null;
  sending?: number;
  reason?: string;
  cashier?: string | null;
}

export interface Authorized {
  status: "asked" | "authorized" | "not_needed" | "sent";
  method: "admin" | "app_code" | "call_last4" | "pin" | "sms";
  points: string;
  to: string | null;
  expires_at: string | null;
  resend_at: string | null;
  tries_left: number | null;
  methods: ("admin" | "app_code" | "call_last4" | "pin" | "sms")[];
  cashier_text: string;
}

export interface Balance {
  active: string;
  pending: string;
  held: string;
  debt: string;
  currency_value: string;
  expiring: Expiring[];
}

export interface BalanceAfter {
  points: string;
  debt: string;
}

export interface BundleKey {
  kty: "OKP";
  crv: "Ed25519";
  x: string;
  kid: string;
  use: "sig";
}

export interface BurnAsked {
  mode?: "max" | "none" | "points" | "reward";
  points?: string | null;
  reward?: string | null;
}

export interface BurnAuth {
  needed_from: string;
  methods: string[];
}

export interface BurnCalculated {
  max: string;
  max_reasons: string[];
  applied: string;
  auth_needed: boolean;
  methods: string[];
}

export interface Calculate {
  rev: number;
  shop: string;
  till: string;
  at?: string | null;
  cashier?: string | null;
  shift?: string | null;
  channel?: string;
  currency?: string | null;
  customer_token?: string | null;
  identifier?: Identifier | null;
  lines: LineAsked[];
  codes?: string[];
  burn?: BurnAsked;
  gift_cards?: GiftCardAsked[];
  tenders_planned?: TenderPlanned[];
  delivery?: string | null;
  hold?: boolean | HoldAsked;
  client_total?: string | null;
  columns?: 32 | 42 | 48;
}

export interface Calculated {
  calc_id: string;
  rules_version: string;
  optimality: string;
  valid_until: string;
  lines: LineCalculated[];
  delivery: DeliveryCalculated | null;
  gifts: GiftCalculated[];
  totals: TotalsCalculated;
  burn: BurnCalculated;
  earn: EarnCalculated;
  tier: TierCalculated;
  gift_cards: GiftCardTaken[];
  verdicts: VerdictGiven[];
  receipt: ReceiptBlock[];
  hold: HoldPlaced | null;
}

export interface Cancel {
  shop: string;
  till: string;
}

export interface Cancelled {
  status: "cancelled";
  released: Released;
}

export interface ClaimSuccessor {
  shop: string;
  till: string;
  at?: string | null;
}

export interface Claimed {
  to_pay: string;
  points?: string | null;
  lines?: LineClaimed[];
}

export interface Commit {
  rev: number;
  shop: string;
  till: string;
  calc_id?: string | null;
  claimed?: Claimed | null;
  tenders?: Tender[];
  fiscal?: Fiscal | null;
  check?: Calculate | null;
  bundle?: number | null;
  offline_pass?: string | null;
}

export interface Committed {
  status: "accepted_late" | "committed";
  paid: string;
  burned: string;
  earned: string;
  deviation: string;
  gift_cards: GiftCardTaken[];
  balance: BalanceAfter | null;
  tier: TierCalculated;
  coupons: CouponGiven[];
  receipt: ReceiptBlock[];
}

export interface ConsentGiven {
  purpose: string;
  document_version: string;
  given?: boolean;
}

export interface CouponGiven {
  code: string;
  name: string;
  until: string | null;
}

export interface DeliveryCalculated {
  before: string;
  discounts: LineDiscount[];
  net: string;
}

export interface EarnCalculated {
  points: string;
  active_from: string | null;
  by_rule: EarnByRule[];
}

export interface Enrol {
  shop: string;
  till: string;
  request_id: string;
  phone: string;
  called: string;
  language?: "en" | "ru";
  consents?: ConsentGiven[];
  card?: string | null;
}

export interface Expiring {
  points: string;
  on: string;
}

export interface Extended {
  valid_until: string;
  hold: HoldPlaced | null;
  most_until: string;
}

export interface Fiscal {
  fn: string;
  fd: string;
  fp: string;
  kkt_reg?: string | null;
  shift_no?: string | null;
  receipt_no?: string | null;
  inn?: string | null;
  at?: string | null;
}

export interface Gap {
  first: number;
  last: number;
}

export interface GiftCalculated {
  promo: string;
  sku: string;
  qty: string;
  choice_of: string[];
}

export interface GiftCardAsked {
  number: string;
  pin?: string | null;
  amount?: string | null;
}

export interface GiftCardAt {
  shop: string;
  till: string;
  number: string;
  pin?: string | null;
}

export interface GiftCardBlock {
  shop: string;
  till: string;
  number: string;
  reason: string;
}

export interface GiftCardLoad {
  shop: string;
  till: string;
  request_id: string;
  number: string;
  amount: string;
}

export interface GiftCardStanding {
  mask: string;
  state: "active" | "blocked" | "expired" | "not_activated";
  balance: string;
  held: string;
  currency: string;
  expires_at: string | null;
}

export interface GiftCardTaken {
  mask: string;
  status: "applied" | "blocked" | "empty" | "expired" | "not_activated" | "other_currency" | "unknown" | "wrong_pin";
  balance_before: string;
  take: string;
}

export interface Heartbeat {
  shop: string;
  till: string;
  at: string;
  software: string;
  queue_length?: number;
  declined?: number;
  calls?: number;
  unanswered?: number;
  p95_ms?: number | null;
}

export interface HeartbeatHeard {
  now: string;
  skew_ms: number;
  commands: ("rotate_key" | "send_queue" | "set_clock")[];
}

export interface HoldAsked {
  ttl_s?: number;
}

export interface HoldPlaced {
  id: string;
  until: string;
}

export interface Identified {
  customer_token: string;
  display_name: string;
  balance: Balance;
  tier: Standing;
  card_state: "active" | "not_activated";
  visits: number;
  burn_auth: BurnAuth | null;
  messages: string[];
  offline_pass?: OfflinePass | null;
  offers?: OwnOffer[];
  ask?: ("birthday" | "consent" | "email")[];
  receipt?: ReceiptBlock[];
}

export interface Identifier {
  type: string;
  value: string;
}

export interface KeysTaken {
  integration: string;
  keys: TillKey[];
  kit: KitKey | null;
}

export interface KitKey {
  shop: string;
  till: string;
  key_id: string;
  secret: string;
  token: string;
}

export interface LineAsked {
  n: number;
  sku: string;
  qty: string;
  price: string;
  barcode?: string | null;
  name?: string | null;
  unit?: string | null;
  shelf_price?: string | null;
  min_price?: string | null;
  vat?: "0" | "10" | "10/110" | "20" | "20/120" | "22" | "22/122" | "5" | "7" | "none" | null;
  mark_code_hash?: string | null;
  manual_discount?: ManualDiscount | null;
  flags?: ("excise" | "gift_card_sale" | "no_burn" | "no_discount" | "no_earn")[];
  gift_card?: string | null;
}

export interface LineCalculated {
  n: number;
  price_before: string;
  discounts: LineDiscount[];
  points_burn: string;
  net: string;
  units: UnitPriced[];
  split: SplitRow[];
  earn: string;
}

export interface LineClaimed {
  n: number;
  sum: string;
}

export interface LineDiscount {
  promo: string;
  layer: string;
  amount: string;
  funded_by: string;
}

export interface LineReturned {
  n: number;
  qty: string;
  refund: string;
  points_restored: string;
  points_taken_back: string;
}

export interface ManualDiscount {
  amount: string;
  reason?: string;
}

export interface OfflinePass {
  token: string;
  points: string;
  until: string;
}

export interface Original {
  check_uid?: string | null;
  fiscal?: OriginalFiscal | null;
  none?: boolean;
}

export interface OriginalFiscal {
  fn: string;
  fd: string;
  fp: string;
}

export interface OwnOffer {
  offer: string;
  name: string;
  until: string | null;
  must_be_activated: boolean;
}

export interface PriceTag {
  sku: string;
  is_gone: boolean;
  price: string | null;
  now: string | null;
  member: string | null;
  points: string | null;
  promos: string[];
  text_ru: string;
  text_en: string;
}

export interface PriceTags {
  shop: string;
  currency: string;
  version: string;
  more: boolean;
  is_whole: boolean;
  tags: PriceTag[];
}

export interface Problem {
  type: string;
  title: string;
  status: number;
  code: string;
  detail: string;
  ref: string;
  retry: Retry;
  cashier_text: string;
  customer_text: string;
  facts?: Record<string, unknown>;
}

export interface QueueReplayed {
  documents: Replayed[];
  whole_to: number;
  gaps: Gap[];
  broken_at: number[];
}

export interface QueuedCancel {
  kind: "cancel";
  seq: number;
  uid: string;
  prev?: string | null;
  at?: string | null;
}

export interface QueuedReturn {
  kind: "return";
  seq: number;
  uid: string;
  prev?: string | null;
  goods: Return;
}

export interface QueuedSale {
  kind: "sale";
  seq: number;
  uid: string;
  prev?: string | null;
  commit: Commit;
}

export interface ReceiptBlock {
  place: "after_items" | "cashier" | "customer_display" | "footer" | "header" | "slip";
  lines: string[];
}

export interface RefundTender {
  type: "gift_card" | "money";
  mask: string | null;
  amount: string;
}

export interface Released {
  codes: string[];
  points: string;
  gift_cards: GiftCardTaken[];
}

export interface Replayed {
  seq: number;
  uid: string;
  status: "again" | "cancelled" | "late" | "parked" | "posted" | "refused";
  is_repeat: boolean;
  code: string | null;
  text: string;
  deviation: string;
  earned: string;
}

export interface Reported {
  integration: string;
  state: "conformance" | "invited" | "keys" | "live" | "suspended";
  passed: boolean;
}

export type Retry = "later" | "never" | "same";

export interface Return {
  shop: string;
  till: string;
  original: Original;
  at?: string | null;
  lines?: ReturnLine[];
  amount?: string | null;
  reason?: string;
  supervisor?: string | null;
  columns?: 32 | 42 | 48;
}

export interface ReturnLine {
  n?: number | null;
  sku?: string | null;
  qty?: string | null;
}

export interface Returned {
  status: "calculated" | "parked" | "posted";
  refund: string;
  points_restored: string;
  points_taken_back: string;
  points_written_off: string;
  debt: string;
  refund_tenders: RefundTender[];
  lines: LineReturned[];
  balance: BalanceAfter | null;
  receipt: ReceiptBlock[];
}

export interface SplitRow {
  qty: string;
  price: string;
  sum: string;
}

export interface Standing {
  code: string | null;
  name: string | null;
  path: TierPath;
}

export interface SuccessorKey {
  key_id: string;
  secret: string;
  old_ends_at: string | null;
}

export interface TakeKeys {
  code: string;
  claim_id: string;
}

export interface TenderPlanned {
  type: "card" | "cash" | "credit" | "gift_card" | "prepaid" | "sbp";
  amount?: string | null;
}

export interface TierCalculated {
  before: string | null;
  after: string | null;
  path_before: string;
  path_after: string;
  keep: string;
}

export interface TierPath {
  to_next: string | null;
  next: string | null;
  unit: string;
  text: string;
  keep: string;
}

export interface TillKey {
  shop: string;
  till: string;
  key_id: string;
  secret: string;
}

export interface TotalsCalculated {
  before: string;
  discount: string;
  points: string;
  gift_cards: string;
  to_pay: string;
}

export interface UnitPriced {
  count: number;
  net: string;
}

export interface VendorReport {
  code: string;
  claim_id: string;
  report: Record<string, unknown>;
}

export interface VerdictGiven {
  ref: string;
  code: string | null;
  status: "applied" | "beaten" | "excluded" | "expired" | "limit" | "not_met" | "unknown" | "used";
  reason: string;
  amount: string;
  by: string | null;
  missing: string | null;
  text: string;
}

export interface Replay {
  shop: string;
  till: string;
  documents: (QueuedSale | QueuedReturn | QueuedCancel)[];
}

export interface EarnByRule {
  promo: string;
  points: string;
}

export interface Extend {
  shop: string;
  till: string;
  rev: number;
  ttl_s?: number;
}

export interface Identify {
  shop: string;
  till: string;
  cashier?: string | null;
  at?: string | null;
  identifier: Identifier;
  columns?: 32 | 42 | 48;
  need?: ("ask" | "balance" | "offers" | "tier")[];
}

export interface Tender {
  type: "card" | "cash" | "credit" | "gift_card" | "prepaid" | "sbp";
  amount: string;
  rrn?: string | null;
}

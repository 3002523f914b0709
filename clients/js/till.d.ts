import type {
  Calculate,
  Calculated,
  Committed,
  ConsentGiven,
  Fiscal,
  GiftCardAsked,
  HeartbeatHeard,
  Identified,
  Identifier,
  LineAsked,
  Operations,
  Original,
  Problem,
  Return,
  Returned,
  ReturnLine,
  SplitRow,
  Tender,
} from "./contract.js";

export * from "./contract.js";

export class Unreachable extends Error {}

export class Refused extends Error {
  status: number;
  problem: Partial<Problem>;
  code: string;
  retry: "never" | "same" | "later";
  cashierText: string;
  get isBusy(): boolean;
}

export function sign(secret: string, method: string, target: string, atS: number, body: string | Uint8Array): string;
export function authorization(
  keyId: string, secret: string, method: string, target: string, atS: number, body: string | Uint8Array,
): string;

export interface LineOptions {
  language?: "ru" | "en";
  log?: string | null;
  timeoutsMs?: Partial<Record<keyof Operations, number>>;
  nowMs?: () => number;
}

export class Line {
  constructor(url: string, keyId: string, secret: string, options?: LineOptions);
  shiftS: number;
  timesMs: (number | null)[];
  send<Name extends keyof Operations>(
    operation: Name, body: Operations[Name]["body"] | string, parts?: Record<string, string>,
  ): Promise<{ status: number; body: Operations[Name]["answer"]; isRepeat: boolean }>;
  hangUp(): void;
}

export class Queue {
  constructor(path: string);
  readonly length: number;
  waiting(which?: { declined?: boolean }): { id: string; tries: number; trouble: string; isDeclined: boolean }[];
}

export class Check {
  uid: string;
  rev: number;
  lines: LineAsked[];
  codes: string[];
  giftCards: GiftCardAsked[];
  cashier: string;
  shift: string;
  identifier: Identifier | null;
  customerToken: string;
  customerName: string;
  asked: Calculate | null;
  answer: Calculated | null;
  isOffline: boolean;
  cashierText: string;
  add(sku: string, qty: string, price: string, more?: Partial<LineAsked>): void;
  get toPay(): string;
  get printRows(): ({ sku: string } & Partial<SplitRow>)[];
}

export interface TillOptions extends LineOptions {
  shop: string;
  till: string;
  folder: string;
  software?: string;
  onDeclined?: (id: string, refused: Refused) => void;
}

export class Till {
  constructor(url: string, keyId: string, secret: string, options: TillOptions);
  line: Line;
  queue: Queue;
  identify(check: Check, type: string, value: string): Promise<Identified | null>;
  register(check: Check, phone: string, called: string, consents?: ConsentGiven[]): Promise<Identified | null>;
  calculate(check: Check, burn?: string): Promise<Calculated | null>;
  commit(check: Check, tenders: Tender[], fiscal: Fiscal): Promise<Committed | null>;
  cancel(check: Check): Promise<void>;
  returnBody(original: Original, lines?: ReturnLine[], reason?: string): Return;
  priceReturn(uid: string, body: Return): Promise<Returned | null>;
  takeBack(body: Return, uid?: string): Promise<Returned | null>;
  heartbeat(): Promise<HeartbeatHeard | null>;
  changeKey(): Promise<boolean>;
  sendQueue(how?: { now?: boolean }): Promise<number>;
  close(): void;
}

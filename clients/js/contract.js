// Written by `vokrug docs` from the OpenAPI document; change the schemas it describes instead.

// Operation: method, path.
export const OPERATIONS = {
  pos_post_identify: ["POST", "/pos/v1/identify"],
  pos_post_customer: ["POST", "/pos/v1/customers"],
  pos_post_calculate: ["POST", "/pos/v1/checks/{check_uid}:calculate"],
  pos_post_commit: ["POST", "/pos/v1/checks/{check_uid}:commit"],
  pos_post_extend: ["POST", "/pos/v1/checks/{check_uid}:extend"],
  pos_post_cancel: ["POST", "/pos/v1/checks/{check_uid}:cancel"],
  pos_post_return_calculate: ["POST", "/pos/v1/returns/{return_uid}:calculate"],
  pos_post_return: ["POST", "/pos/v1/returns/{return_uid}:commit"],
  pos_post_heartbeat: ["POST", "/pos/v1/heartbeat"],
  pos_gift_cards_post_balance: ["POST", "/pos/v1/gift-cards:balance"],
  pos_gift_cards_post_activate: ["POST", "/pos/v1/gift-cards:activate"],
  pos_gift_cards_post_topup: ["POST", "/pos/v1/gift-cards:topup"],
  pos_gift_cards_post_block: ["POST", "/pos/v1/gift-cards:block"],
  pos_post_authorize: ["POST", "/pos/v1/checks/{check_uid}:authorize"],
  pos_get_prices: ["GET", "/pos/v1/prices"],
  pos_get_bundle: ["GET", "/pos/v1/bundle"],
  pos_get_bundle_key: ["GET", "/pos/v1/bundle-key"],
  pos_post_replay: ["POST", "/pos/v1/replay"],
  integrations_claim: ["POST", "/pos/v1/onboarding:claim"],
  integrations_vendor_report: ["POST", "/pos/v1/onboarding:report"],
  integrations_claim_key: ["POST", "/pos/v1/keys:claim"],
};

"""The single customer ID: who somebody is, by whatever identifier they come.

Start with `directory = await Directory.load(tx, Vault(secret))` and keep it for the process's life.
"""

from vokrug.customers.api import routes
from vokrug.customers.bulk.api import routes as bulk_routes
from vokrug.customers.bulk.operations import read_profiles
from vokrug.customers.contests.api import routes as contest_routes
from vokrug.customers.crosswalk.api import routes as crosswalk_routes
from vokrug.customers.directory import Directory
from vokrug.customers.errors import (
    CalledMalformed,
    ConsentMalformed,
    CustomerUnknown,
    ErasureRepeated,
    FullNameNotWanted,
    IdentifierBlocked,
    IdentifierMalformed,
    IdentifierTaken,
    IdentifierTypeUnknown,
    LanguageUnknown,
    PhoneMalformed,
)
from vokrug.customers.facts import CustomerErased, CustomersMerged, CustomersUnmerged, SegmentEntered, SegmentLeft
from vokrug.customers.for_events import People
from vokrug.customers.gateways import Witnesses
from vokrug.customers.households.api import routes as household_routes
from vokrug.customers.jobs import jobs, schedule_all
from vokrug.customers.law_api import routes as law_routes
from vokrug.customers.operations.claims import claim
from vokrug.customers.operations.consents import give_consent, state_consents, withdraw_consent
from vokrug.customers.operations.definitions import define_attribute, define_identifier_type
from vokrug.customers.operations.erasure import access_report, ask_erasure, destroy_keys, erasure_asked
from vokrug.customers.operations.identifiers import attach, detach
from vokrug.customers.operations.merging import keep_apart, let_join, merge, merges_by_rule, merges_of, unmerge
from vokrug.customers.operations.people import ids_of_person, members_of, resolve
from vokrug.customers.operations.profiles import (
    call_differently,
    contacts,
    customer,
    latest_card_reads,
    profile,
    read_card,
    set_attributes,
)
from vokrug.customers.operations.proposals import MATCHING, accept, proposals, propose, reject, undo
from vokrug.customers.operations.registration import register
from vokrug.customers.people_api import routes as people_routes
from vokrug.customers.quarantine.api import routes as quarantine_routes
from vokrug.customers.reactions import note_identity, note_profile, reactions
from vokrug.customers.retention.api import routes as retention_routes
from vokrug.customers.segments.api import routes as segment_routes
from vokrug.customers.segments.operations import segments_of
from vokrug.customers.store.numbers import ids_of, numbers_of
from vokrug.customers.types import (
    Attribute,
    AttributesSet,
    AttributeType,
    Birthday,
    CardRead,
    Consent,
    ConsentState,
    Contact,
    Customer,
    Erasure,
    Ground,
    Identifier,
    IdentifierType,
    Merged,
    MergeSeen,
    Profile,
    Proposal,
    ProposalState,
    Registered,
    Registration,
    Source,
    State,
    Strength,
    Survives,
    Unmerged,
)
from vokrug.customers.vault import Vault

all_routes = [
    routes,
    people_routes,
    law_routes,
    contest_routes,
    quarantine_routes,
    crosswalk_routes,
    household_routes,
    bulk_routes,
    segment_routes,
    retention_routes,
]

__all__ = [
    "MATCHING",
    "Attribute",
    "AttributeType",
    "AttributesSet",
    "Birthday",
    "CalledMalformed",
    "CardRead",
    "Consent",
    "ConsentMalformed",
    "ConsentState",
    "Contact",
    "Customer",
    "CustomerErased",
    "CustomerUnknown",
    "CustomersMerged",
    "CustomersUnmerged",
    "Directory",
    "Erasure",
    "ErasureRepeated",
    "FullNameNotWanted",
    "Ground",
    "Identifier",
    "IdentifierBlocked",
    "IdentifierMalformed",
    "IdentifierTaken",
    "IdentifierType",
    "IdentifierTypeUnknown",
    "LanguageUnknown",
    "MergeSeen",
    "Merged",
    "People",
    "PhoneMalformed",
    "Profile",
    "Proposal",
    "ProposalState",
    "Registered",
    "Registration",
    "SegmentEntered",
    "SegmentLeft",
    "Source",
    "State",
    "Strength",
    "Survives",
    "Unmerged",
    "Vault",
    "Witnesses",
    "accept",
    "access_report",
    "all_routes",
    "ask_erasure",
    "attach",
    "call_differently",
    "claim",
    "contacts",
    "customer",
    "define_attribute",
    "define_identifier_type",
    "destroy_keys",
    "detach",
    "erasure_asked",
    "give_consent",
    "ids_of",
    "ids_of_person",
    "jobs",
    "keep_apart",
    "latest_card_reads",
    "let_join",
    "members_of",
    "merge",
    "merges_by_rule",
    "merges_of",
    "note_identity",
    "note_profile",
    "numbers_of",
    "profile",
    "proposals",
    "propose",
    "reactions",
    "read_card",
    "read_profiles",
    "register",
    "reject",
    "resolve",
    "schedule_all",
    "segments_of",
    "set_attributes",
    "state_consents",
    "undo",
    "unmerge",
    "withdraw_consent",
]

"""Context keys that AWS documents as always included, and those that hold several values.

IAM User Guide, "AWS global condition context keys" (reference_policies_condition-keys): the
"Availability" and "Value type" of each key. All names are in lower case, as keys ignore case.
"""

ALWAYS_PRESENT = frozenset(
    {
        "aws:currenttime",
        "aws:epochtime",
        "aws:requestedregion",
        "aws:securetransport",
        "aws:useragent",
        "aws:viaawsservice",
        "aws:userid",
        "aws:principalaccount",
        "aws:principaltype",
    }
)
"""In every request."""

PRESENT_WHEN_SIGNED = frozenset({"aws:principalarn", "aws:principalisawsservice"})
"""In every request that is signed: all but those of anonymous principals."""

PRESENT_IN_ROLE_SESSIONS = frozenset({"aws:tokenissuetime"})
"""In every request made with temporary credentials."""

ABSENT_IN_ROLE_SESSIONS = frozenset({"aws:username"})

MULTIVALUED = frozenset(
    {
        "aws:calledvia",
        "aws:principalorgpaths",
        "aws:principalservicenameslist",
        "aws:resourceorgpaths",
        "aws:sourceorgpaths",
        "aws:tagkeys",
        "aws:vpceorgpaths",
    }
)
"""Global keys whose value type is multivalued."""

GLOBAL_PREFIX = "aws:"

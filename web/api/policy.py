"""`/v1/policy`: the workspace's rules, whole."""

from __future__ import annotations

from litestar import Controller, get, put
from litestar.di import NamedDependency
from litestar.params import JSONBody

from core import workspaces
from core.errors import Refused
from core.house import House
from core.workspaces import KeyedWorkspace
from web.auth import ADMIN, needs_admin
from web.problems import documented
from web.wire.policy import PolicyBody, policy_in, policy_out


class PolicyController(Controller):
    path = "/v1/policy"
    tags = ("Policy",)
    guards = (needs_admin,)
    dependencies = ADMIN

    @get(operation_id="getPolicy", summary="The policy", responses=documented(Refused))
    async def one(self, admin: NamedDependency[KeyedWorkspace]) -> PolicyBody:
        """null means: no rule."""
        return policy_out(admin.policy)

    @put(operation_id="putPolicy", summary="Replace the policy", responses=documented(Refused))
    async def write(
        self,
        data: JSONBody[PolicyBody],
        admin: NamedDependency[KeyedWorkspace],
        house: NamedDependency[House],
    ) -> PolicyBody:
        """Takes effect with the next request, for grants that exist already too."""
        return policy_out((await workspaces.put_policy(house, admin.actor, policy_in(data))).policy)

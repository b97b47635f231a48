"""The part of Linear's GraphQL schema that the fake answers by: what the connector asks for, and of an issue all the plain
members Linear's own SDK asks for, so that a page can be compared with what an integration usually gets.

Names and types follow Linear's published schema (linear/linear at 8335e09, MIT); the words are ours.
"""

from __future__ import annotations

SDL = """\
scalar DateTime
scalar TimelessDate
scalar JSONObject
enum PaginationOrderBy { createdAt updatedAt }
type Query {
  viewer: User!
  issue(id: String!): Issue!
  issues(first: Int, after: String, filter: IssueFilter, orderBy: PaginationOrderBy): IssueConnection!
  searchIssues(term: String!, first: Int, after: String, filter: IssueFilter): IssueSearchPayload!
  teams(first: Int, after: String, filter: TeamFilter): TeamConnection!
  workflowStates(first: Int, after: String, filter: WorkflowStateFilter): WorkflowStateConnection!
}
type Mutation {
  issueCreate(input: IssueCreateInput!): IssuePayload!
  issueUpdate(id: String!, input: IssueUpdateInput!): IssuePayload!
  commentCreate(input: CommentCreateInput!): CommentPayload!
}
type PageInfo { hasNextPage: Boolean! hasPreviousPage: Boolean! startCursor: String endCursor: String }
type Organization { id: ID! name: String! urlKey: String! }
type User {
  id: ID! name: String! displayName: String! email: String! organization: Organization!
  assignedIssues(first: Int, after: String, filter: IssueFilter, orderBy: PaginationOrderBy): IssueConnection!
}
type WorkflowState { id: ID! name: String! type: String! color: String! position: Float! }
type WorkflowStateConnection { nodes: [WorkflowState!]! pageInfo: PageInfo! }
type Team { id: ID! key: String! name: String! states(first: Int, after: String): WorkflowStateConnection! }
type TeamConnection { nodes: [Team!]! pageInfo: PageInfo! }
type Comment { id: ID! body: String! url: String! createdAt: DateTime! user: User }
type CommentConnection { nodes: [Comment!]! pageInfo: PageInfo! }
type Issue {
  id: ID! identifier: String! number: Float! title: String! description: String priority: Float!
  priorityLabel: String! estimate: Float dueDate: TimelessDate url: String! branchName: String!
  createdAt: DateTime! updatedAt: DateTime! archivedAt: DateTime startedAt: DateTime completedAt: DateTime
  canceledAt: DateTime addedToTeamAt: DateTime startedTriageAt: DateTime triagedAt: DateTime snoozedUntilAt: DateTime
  slaStartedAt: DateTime slaBreachesAt: DateTime slaType: String boardOrder: Float! sortOrder: Float!
  prioritySortOrder: Float! subIssueSortOrder: Float customerTicketCount: Int! trashed: Boolean
  labelIds: [String!]! previousIdentifiers: [String!]! reactionData: JSONObject! integrationSourceType: String
  state: WorkflowState! team: Team! assignee: User creator: User comments(first: Int, after: String): CommentConnection!
}
type IssueConnection { nodes: [Issue!]! pageInfo: PageInfo! }
type IssueSearchPayload { nodes: [Issue!]! totalCount: Float! pageInfo: PageInfo! }
type IssuePayload { success: Boolean! issue: Issue lastSyncId: Float! }
type CommentPayload { success: Boolean! comment: Comment! lastSyncId: Float! }
input StringComparator { eq: String eqIgnoreCase: String in: [String!] nin: [String!] }
input TeamFilter { key: StringComparator }
input WorkflowStateFilter { type: StringComparator team: TeamFilter }
input IssueFilter { state: WorkflowStateFilter team: TeamFilter }
input IssueCreateInput {
  teamId: String! title: String description: String assigneeId: String priority: Int dueDate: TimelessDate stateId: String
}
input IssueUpdateInput {
  title: String description: String assigneeId: String priority: Int dueDate: TimelessDate stateId: String teamId: String
}
input CommentCreateInput { issueId: String body: String parentId: String }
"""

EVERYTHING = """\
query Everything($first: Int) {
  issues(first: $first) {
    nodes {
      id identifier number title description priority priorityLabel estimate dueDate url branchName createdAt updatedAt
      archivedAt startedAt completedAt canceledAt addedToTeamAt startedTriageAt triagedAt snoozedUntilAt slaStartedAt
      slaBreachesAt slaType boardOrder sortOrder prioritySortOrder subIssueSortOrder customerTicketCount trashed labelIds
      previousIdentifiers reactionData integrationSourceType state { id } team { id } assignee { id } creator { id }
    }
    pageInfo { hasNextPage hasPreviousPage startCursor endCursor }
  }
}"""

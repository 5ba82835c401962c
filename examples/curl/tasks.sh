#!/bin/sh
# Create, page, complete and search tasks with curl. Usage: tasks.sh [URL]
# If the service requires a token, set MILLITASK_TOKEN.
set -eu
url=${1:-http://127.0.0.1:8000/graphql}

authorization() {
    if [ -n "${MILLITASK_TOKEN:-}" ]; then printf 'Authorization: Bearer %s\n' "$MILLITASK_TOKEN"; fi
}

# Print the answer to a query with these variables (a JSON object). End the script if the answer has errors.
graphql() {
    query=$(echo "$1" | tr '\n' ' ')
    # curl reads the token from a pipe, because other users can read its command line.
    answer=$(authorization | curl -sS "$url" -H @- -H 'Content-Type: application/json' \
        -d "{\"query\": \"$query\", \"variables\": $2}")
    case $answer in
        *'"errors":'*) ;;
        *'"data":{'*) echo "$answer" && return ;;
    esac
    echo "$answer" >&2
    exit 1
}

echo '# Create a task'
created=$(graphql '
    mutation ($input: CreateTaskInput!) {
      createTask(input: $input) { task { id title status } userErrors { code message } }
    }' '{"input": {"title": "Order more coffee", "priority": "HIGH"}}')
echo "$created"
id=$(echo "$created" | sed 's/.*"id":"\([^"]*\)".*/\1/')

page='
    query ($first: Int, $page: Int) {
      tasks(first: $first, page: $page) { nodes { id title status } totalCount pageInfo { pageNumber pageCount } }
    }'
echo '# The first page of two tasks'
graphql "$page" '{"first": 2, "page": 1}'
echo '# Page 3, by its number'
graphql "$page" '{"first": 2, "page": 3}'

echo '# Complete the task'
graphql '
    mutation ($id: ID!) {
      completeTask(input: { id: $id }) { task { id status version } userErrors { code message } }
    }' "{\"id\": \"$id\"}"

echo '# Search: every word must occur in the title or the description'
graphql '
    query ($query: String!) {
      searchTasks(query: $query, first: 1) { nodes { id title status } pageInfo { hasNextPage endCursor } }
    }' '{"query": "coffee order"}'

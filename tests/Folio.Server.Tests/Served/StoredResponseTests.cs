using System.Text.Json;

namespace Folio.Server.Tests;

/// <summary>Responses that are found again: read, built on, deleted; by whose they are, and as long as there is room.</summary>
public sealed class StoredResponseTests(ServedFixture fixture, DemoEngine demo) : IClassFixture<ServedFixture>
{
    private Server Server => fixture.Server;

    [Fact]
    public async Task A_conversation_goes_on_where_it_was()
    {
        JsonElement first = (await Server.RespondAsync(new { input = "Tell me a story about a cat.", instructions = "Be brief.", temperature = 0, max_output_tokens = 12 })).Response();
        JsonElement second = (await Server.RespondAsync(new { input = "And then?", previous_response_id = first.Id(), temperature = 0, max_output_tokens = 12 })).Response();
        JsonElement third = (await Server.RespondAsync(new { input = "And then?", previous_response_id = second.Id(), temperature = 0, max_output_tokens = 12 })).Response();
        Assert.Equal(second.Id(), third.GetProperty("previous_response_id").GetString());

        object[] messages = [User("Tell me a story about a cat."), Assistant(first.Text()), User("And then?"), Assistant(second.Text()), User("And then?")]; // the first's instructions were for the first
        Reply chat = (await Server.ChatAsync(new { messages, temperature = 0, max_tokens = 12 })).Ok();
        Assert.Equal((chat.Content, chat.Usage.GetProperty("prompt_tokens").GetInt32()), (third.Text(), third.GetProperty("usage").GetProperty("input_tokens").GetInt32()));
    }

    [Fact]
    public async Task A_call_is_answered_in_the_next_request()
    {
        object[] tools = [new { type = "function", name = "now", strict = false, parameters = new { } }];
        JsonElement first = (await Server.RespondAsync(new { input = "What time is it?", tools, tool_choice = "required", parallel_tool_calls = false, max_output_tokens = 100 })).Response();
        string call = Assert.Single(first.Output()).GetProperty("call_id").GetString()!;
        (await Server.RespondAsync(new { input = new[] { new { type = "function_call_output", call_id = call, output = "noon" } }, previous_response_id = first.Id(), tools, max_output_tokens = 8 })).Response();
        (await Server.RespondAsync(new { input = new[] { new { type = "function_call_output", call_id = "other", output = "noon" } }, previous_response_id = first.Id(), tools, max_output_tokens = 8 })).Refused(400, "input[0].call_id", "No tool call found");
    }

    [Fact]
    public async Task Log_probabilities_are_kept_once()
    {
        JsonElement first = (await Server.RespondAsync(new { input = "Hello", max_output_tokens = 4, include = new[] { "message.output_text.logprobs" }, top_logprobs = 5 })).Response();
        Assert.Equal(first.GetRawText(), (await Server.GetAsync($"/v1/responses/{first.Id()}")).Response().GetRawText());
        JsonElement second = (await Server.RespondAsync(new { input = "And then?", previous_response_id = first.Id(), max_output_tokens = 4 })).Response();
        JsonElement before = (await ListAsync($"/v1/responses/{second.Id()}/input_items?order=asc")).GetProperty("data")[1].GetProperty("content")[0];
        Assert.Equal((first.Text(), 0), (before.GetProperty("text").GetString(), before.GetProperty("logprobs").GetArrayLength()));
    }

    [Fact]
    public async Task A_call_that_was_cut_off_ends_no_conversation()
    {
        object[] tools = [new { type = "function", name = "tell", parameters = new { type = "object", properties = new { text = new { type = "string", minLength = 200 } }, required = new[] { "text" } } }];
        JsonElement first = (await Server.RespondAsync(new { input = "What time is it?", tools, tool_choice = "required", parallel_tool_calls = false, max_output_tokens = 40 })).Response();
        JsonElement call = Assert.Single(first.Output());
        Assert.Equal(("function_call", "incomplete"), (ResponseReplies.TypeOf(call), call.GetProperty("status").GetString()));
        object[] result = [new { type = "function_call_output", call_id = call.GetProperty("call_id").GetString(), output = "noon" }];
        JsonElement second = (await Server.RespondAsync(new { input = result, previous_response_id = first.Id(), tools, max_output_tokens = 8 })).Response();
        (await Server.RespondAsync(new { input = "And then?", previous_response_id = second.Id(), max_output_tokens = 8 })).Response();
    }

    [Theory]
    [InlineData(false)]
    [InlineData(true)]
    public async Task It_is_read_again_as_it_was_answered_until_it_is_deleted(bool stream)
    {
        Reply reply = await Server.RespondAsync(new { input = "Hello", temperature = 0, max_output_tokens = 6, stream, metadata = new { a = "ä" } });
        JsonElement response = stream ? reply.ResponseEvents()[^1].GetProperty("response") : reply.Response();
        Assert.Equal(response.GetRawText(), (await Server.GetAsync($"/v1/responses/{response.Id()}?include[]=message.output_text.logprobs&stream=false")).Response().GetRawText());
        (await Server.PostAsync($"/v1/responses/{response.Id()}/cancel", "")).Refused(400, "response_id", "finished");
        Reply deleted = (await Server.DeleteAsync($"/v1/responses/{response.Id()}")).Ok();
        Assert.Equal($$"""{"id":"{{response.Id()}}","object":"response","deleted":true}""", deleted.Text);
        (await Server.GetAsync($"/v1/responses/{response.Id()}")).Refused(404, "response_id");
        (await Server.DeleteAsync($"/v1/responses/{response.Id()}")).Refused(404, "response_id");
        (await Server.PostAsync($"/v1/responses/{response.Id()}/cancel", "")).Refused(404, "response_id");
        (await Server.GetAsync($"/v1/responses/{response.Id()}/input_items")).Refused(404, "response_id");
        (await Server.RespondAsync(new { input = "x", previous_response_id = response.Id() })).Refused(400, "previous_response_id");
    }

    [Fact]
    public async Task What_is_not_to_be_stored_is_not()
    {
        JsonElement response = (await Server.RespondAsync(new { input = "Hello", max_output_tokens = 4, store = false })).Response();
        (await Server.GetAsync($"/v1/responses/{response.Id()}")).Refused(404, "response_id", "never stored");
        (await Server.RespondAsync(new { input = "x", previous_response_id = response.Id() })).Refused(400, "previous_response_id");
    }

    [Fact]
    public async Task Its_input_is_listed_page_by_page_with_what_was_said_before()
    {
        JsonElement first = (await Server.RespondAsync(new { input = new object[] { new { role = "developer", content = "Be kind." }, User("one") }, max_output_tokens = 4 })).Response();
        JsonElement second = (await Server.RespondAsync(new { input = "two", previous_response_id = first.Id(), max_output_tokens = 4 })).Response();
        JsonElement all = await ListAsync($"/v1/responses/{second.Id()}/input_items?order=asc");
        string[] texts = [.. all.GetProperty("data").EnumerateArray().Select(item => item.GetProperty("content")[0].GetProperty("text").GetString()!)];
        Assert.Equal(["Be kind.", "one", first.Text(), "two"], texts);
        Assert.False(all.GetProperty("has_more").GetBoolean());

        JsonElement page = await ListAsync($"/v1/responses/{second.Id()}/input_items?limit=3"); // newest first
        Assert.Equal(("two", true), (page.GetProperty("data")[0].GetProperty("content")[0].GetProperty("text").GetString(), page.GetProperty("has_more").GetBoolean()));
        JsonElement rest = await ListAsync($"/v1/responses/{second.Id()}/input_items?limit=3&after={page.GetProperty("last_id").GetString()}");
        Assert.Equal(("Be kind.", false), (Assert.Single(rest.GetProperty("data").EnumerateArray().ToArray()).GetProperty("content")[0].GetProperty("text").GetString(), rest.GetProperty("has_more").GetBoolean()));

        foreach (string query in (string[])["limit=0", "limit=x", "order=up", "after=nothing", "include=file_search_call.results", "before=x"]) (await Server.GetAsync($"/v1/responses/{second.Id()}/input_items?{query}")).Refused(400);
        (await Server.GetAsync($"/v1/responses/{second.Id()}?stream=true")).Refused(400, "stream");
    }

    [Fact]
    public async Task Another_key_never_sees_it()
    {
        await using Server server = await Server.StartAsync(demo.Engine, new() { ApiKeys = ["mine", "theirs"], SharePrefixCache = true });
        (await server.GetAsync("/v1/responses/resp_x")).Refused(401);
        string id = (await server.As("mine").RespondAsync(new { input = "Hello", max_output_tokens = 4 })).Response().Id();
        server.As("theirs");
        (await server.GetAsync($"/v1/responses/{id}")).Refused(404, "response_id");
        (await server.GetAsync($"/v1/responses/{id}/input_items")).Refused(404, "response_id");
        (await server.DeleteAsync($"/v1/responses/{id}")).Refused(404, "response_id");
        (await server.PostAsync($"/v1/responses/{id}/cancel", "")).Refused(404, "response_id");
        (await server.RespondAsync(new { input = "x", previous_response_id = id })).Refused(400, "previous_response_id");
        (await server.As("mine").GetAsync($"/v1/responses/{id}")).Ok();
    }

    [Fact]
    public async Task The_least_lately_used_makes_room_and_the_conversation_goes_on_without_it()
    {
        await using Server server = await Server.StartAsync(demo.Engine, new() { MaxStoredResponses = 2 });
        string first = (await server.RespondAsync(new { input = "one", max_output_tokens = 4 })).Response().Id();
        string second = (await server.RespondAsync(new { input = "two", previous_response_id = first, max_output_tokens = 4 })).Response().Id();
        string third = (await server.RespondAsync(new { input = "three", previous_response_id = second, max_output_tokens = 4 })).Response().Id();
        (await server.GetAsync($"/v1/responses/{first}")).Refused(404, "response_id", "made room");
        Assert.Equal(5, (await server.GetAsync($"/v1/responses/{third}/input_items")).Ok().Json.GetProperty("data").GetArrayLength());
    }

    [Fact]
    public async Task A_server_that_stores_nothing_says_so()
    {
        await using Server server = await Server.StartAsync(demo.Engine, new() { MaxStoredResponses = 0 });
        JsonElement response = (await server.RespondAsync(new { input = "one", max_output_tokens = 4 })).Response();
        Assert.False(response.GetProperty("store").GetBoolean());
        (await server.RespondAsync(new { input = "two", previous_response_id = response.Id() })).Refused(400, "previous_response_id", "--max-stored-responses");
    }

    private async Task<JsonElement> ListAsync(string path) => (await Server.GetAsync(path)).Ok().Json;

    private static object User(string content) => new { role = "user", content };

    private static object Assistant(string content) => new { role = "assistant", content };
}

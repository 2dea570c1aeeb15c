using System.ClientModel;
using System.ClientModel.Primitives;
using System.Text.Json;
using OpenAI.Responses;
using Item = OpenAI.Responses.ResponseItem;
using Status = OpenAI.Responses.ResponseStatus;

#pragma warning disable OPENAI001 // the package calls this client of its experimental

namespace Folio.Server.Tests;

/// <summary>The Responses client of OpenAI's own .NET package, pointed here.</summary>
public sealed class OpenAIResponsesClientTests(ServedFixture fixture) : IClassFixture<ServedFixture>
{
    private const string Schema = """{"type":"object","properties":{"answer":{"enum":["yes","no"]}},"required":["answer"],"additionalProperties":false}""";

    private readonly ResponsesClient _client = new(new ApiKeyCredential("none"), new ResponsesClientOptions { Endpoint = new(fixture.Server.Address, "/v1"), RetryPolicy = new ClientRetryPolicy(0) });

    [Fact]
    public async Task It_responds_whole_and_streamed_with_the_same_words()
    {
        CreateResponseOptions options = Ask("Tell me a story about a dog.");
        options.Instructions = "You tell stories.";
        options.IncludedProperties.Add(IncludedResponseProperty.MessageOutputTextLogProbabilities);
        options.TopLogProbabilityCount = 2;
        ResponseResult whole = await _client.CreateResponseAsync(options);
        Assert.Equal((Status.Incomplete, "demo", 24), (whole.Status, whole.Model, whole.Usage.OutputTokenCount));
        Assert.Equal(ResponseIncompleteStatusReason.MaxOutputTokens, whole.IncompleteStatusDetails.Reason);
        ResponseContentPart part = Assert.IsAssignableFrom<MessageResponseItem>(Assert.Single(whole.OutputItems)).Content[0];
        Assert.Equal(24, part.OutputTextTokenLogProbabilities.Count);
        Assert.Equal(2, part.OutputTextTokenLogProbabilities[0].TopLogProbabilities.Count);

        options.StreamingEnabled = true;
        string text = "";
        ResponseResult? last = null;
        await foreach (StreamingResponseUpdate update in await _client.CreateResponseStreamingAsync(options))
        {
            if (update is StreamingResponseOutputTextDeltaUpdate delta) text += delta.Delta;
            if (update is StreamingResponseIncompleteUpdate end) last = end.Response;
        }

        Assert.Equal((whole.GetOutputText(), whole.GetOutputText(), 24), (text, last?.GetOutputText(), last?.Usage.OutputTokenCount));
    }

    [Fact]
    public async Task It_calls_tools_and_sends_their_results_back()
    {
        CreateResponseOptions options = Ask("What time is it?", tokens: 240);
        options.Tools.Add(ResponseTool.CreateFunctionTool("now", BinaryData.FromString("""{"type":"object","properties":{}}"""), strictModeEnabled: true, "The time."));
        options.ToolChoice = ResponseToolChoice.CreateFunctionChoice("now");
        options.ParallelToolCallsEnabled = false;
        ResponseResult whole = await _client.CreateResponseAsync(options);
        FunctionCallResponseItem call = Assert.IsType<FunctionCallResponseItem>(Assert.Single(whole.OutputItems));
        Assert.Equal(("now", 0), (call.FunctionName, JsonElement.Parse(call.FunctionArguments).GetPropertyCount()));

        options.StreamingEnabled = true;
        string arguments = "";
        await foreach (StreamingResponseUpdate update in await _client.CreateResponseStreamingAsync(options))
        {
            if (update is StreamingResponseFunctionCallArgumentsDeltaUpdate delta) arguments += delta.Delta;
        }

        Assert.Equal(call.FunctionArguments.ToString(), arguments);
        foreach (bool byId in new[] { true, false })
        {
            CreateResponseOptions next = byId ? new() { PreviousResponseId = whole.Id } : Ask("What time is it?"); // the conversation by its name, or sent again
            (next.Model, next.Temperature, next.MaxOutputTokenCount) = ("demo", 0, 8);
            if (!byId) next.InputItems.Add(call);
            next.InputItems.Add(Item.CreateFunctionCallOutputItem(call.CallId, "noon"));
            Assert.NotEmpty((await _client.CreateResponseAsync(next)).Value.GetOutputText());
        }
    }

    [Fact]
    public async Task It_asks_for_a_form_and_gets_it()
    {
        CreateResponseOptions options = Ask("Yes or no?", tokens: 240);
        options.TextOptions = new() { TextFormat = ResponseTextFormat.CreateJsonSchemaFormat("answer", BinaryData.FromString(Schema), jsonSchemaIsStrict: true) };
        ResponseResult response = await _client.CreateResponseAsync(options);
        Assert.Contains(JsonElement.Parse(response.GetOutputText()).GetProperty("answer").GetString(), (string[])["yes", "no"]);
        Assert.Equal(Status.Completed, response.Status);
    }

    [Fact]
    public async Task It_reads_what_is_stored_and_deletes_it()
    {
        ResponseResult made = await _client.CreateResponseAsync(Ask("Hello"));
        ResponseResult read = await _client.GetResponseAsync(made.Id);
        Assert.Equal((made.Id, made.GetOutputText()), (read.Id, read.GetOutputText()));
        List<Item> input = [];
        await foreach (Item item in _client.GetResponseInputItemsAsync(made.Id)) input.Add(item);
        Assert.Equal("Hello", Assert.IsAssignableFrom<MessageResponseItem>(Assert.Single(input)).Content[0].Text);
        Assert.True((await _client.DeleteResponseAsync(made.Id)).Value.Deleted);
        Assert.Equal(404, (await Assert.ThrowsAsync<ClientResultException>(() => _client.GetResponseAsync(made.Id))).Status);
    }

    [Fact]
    public async Task It_sees_errors_as_its_own()
    {
        CreateResponseOptions bad = Ask("x");
        bad.Temperature = 9;
        Assert.Equal(400, (await Assert.ThrowsAsync<ClientResultException>(() => _client.CreateResponseAsync(bad))).Status);
        CreateResponseOptions missing = Ask("x");
        missing.Model = "nope";
        ClientResultException error = await Assert.ThrowsAsync<ClientResultException>(() => _client.CreateResponseAsync(missing));
        Assert.Equal(404, error.Status);
        Assert.Contains("nope", error.Message);
    }

    [Fact]
    public async Task Leaving_its_stream_early_ends_the_request()
    {
        await using var demo = new DemoEngine(new() { NumBlocks = 64 });
        await using Server server = await Server.StartAsync(demo.Engine);
        ResponsesClient client = new(new ApiKeyCredential("none"), new ResponsesClientOptions { Endpoint = new(server.Address, "/v1"), RetryPolicy = new ClientRetryPolicy(0), Transport = new HttpClientPipelineTransport(Leaving.Client()) });
        CreateResponseOptions options = Ask("Tell me a story.", tokens: 400);
        options.StreamingEnabled = true;
        await server.LeaveAsync(demo.Engine, async () =>
        {
            await foreach (StreamingResponseUpdate _ in await client.CreateResponseStreamingAsync(options)) break;
        });
    }

    private static CreateResponseOptions Ask(string text, int tokens = 24) => new("demo", [Item.CreateUserMessageItem(text)]) { Temperature = 0, MaxOutputTokenCount = tokens };
}

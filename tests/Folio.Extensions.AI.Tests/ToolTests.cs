using System.Text.Json;
using Microsoft.Extensions.AI;

namespace Folio.Extensions.AI.Tests;

/// <summary>Functions that the model is made to call: the demo model calls none of itself.</summary>
public sealed class ToolTests(DemoEngine demo)
{
    private readonly List<string> _asked = [];

    [Fact]
    public async Task A_required_call_names_the_function_and_its_arguments_obey_their_schema()
    {
        var options = new ChatOptions { Tools = [Weather()], ToolMode = ChatToolMode.RequireAny, AllowMultipleToolCalls = false, MaxOutputTokens = 200, Seed = 2 };
        ChatResponse response = await demo.Client.GetResponseAsync("What is the weather in Bern?", options);
        FunctionCallContent call = Assert.Single(response.Messages[0].Contents.OfType<FunctionCallContent>());
        Assert.Equal("get_weather", call.Name);
        Assert.NotEmpty(call.CallId);
        Assert.Null(call.Exception);
        Assert.Contains(((JsonElement)call.Arguments!["city"]!).GetString(), new[] { "Bern", "Basel" });
        Assert.Equal(ChatFinishReason.ToolCalls, response.FinishReason);
        Assert.Empty(response.Text);
    }

    [Fact]
    public async Task A_call_is_told_once_and_whole_in_a_stream()
    {
        var options = new ChatOptions { Tools = [Weather()], ToolMode = ChatToolMode.RequireSpecific("get_weather"), AllowMultipleToolCalls = false, Seed = 2 };
        List<ChatResponseUpdate> updates = await demo.Client.GetStreamingResponseAsync("Weather?", options).ToListAsync();
        Assert.Single(updates.SelectMany(update => update.Contents).OfType<FunctionCallContent>());
    }

    [Fact]
    public async Task Arguments_that_were_cut_off_are_the_calls_exception()
    {
        var options = new ChatOptions { Tools = [Weather()], ToolMode = ChatToolMode.RequireAny, MaxOutputTokens = 24, Seed = 2 };
        ChatResponse response = await demo.Client.GetResponseAsync("Weather?", options);
        Assert.Equal(ChatFinishReason.Length, response.FinishReason);
        foreach (FunctionCallContent call in response.Messages.SelectMany(message => message.Contents).OfType<FunctionCallContent>().TakeLast(1)) Assert.NotNull(call.Exception);
    }

    [Fact]
    public async Task The_function_invoking_client_runs_functions_and_sends_their_results_back()
    {
        using IChatClient client = demo.Client.AsBuilder().UseFunctionInvocation().Build();
        var options = new ChatOptions { Tools = [Weather()], ToolMode = ChatToolMode.RequireAny, AllowMultipleToolCalls = false, MaxOutputTokens = 200, Seed = 2 };
        ChatResponse response = await client.GetResponseAsync("What is the weather in Bern?", options);
        Assert.Contains(Assert.Single(_asked), new[] { "Bern", "Basel" });
        Assert.Equal([ChatRole.Assistant, ChatRole.Tool, ChatRole.Assistant], response.Messages.Select(message => message.Role));
        Assert.Equal("sunny", Assert.Single(response.Messages[1].Contents.OfType<FunctionResultContent>()).Result?.ToString());
        Assert.NotEmpty(response.Messages[2].Text);
    }

    [Fact]
    public async Task No_tool_is_called_where_none_may_be()
    {
        var options = new ChatOptions { Tools = [Weather()], ToolMode = ChatToolMode.None, MaxOutputTokens = 10 };
        Assert.NotEmpty((await demo.Client.GetResponseAsync("Weather?", options)).Text);
    }

    /// <summary>A function of one of two cities.</summary>
    private AIFunction Weather() => AIFunctionFactory.Create(
        (City city) =>
        {
            lock (_asked) _asked.Add(city.ToString());
            return "sunny";
        },
        new AIFunctionFactoryOptions { Name = "get_weather", Description = "The weather of a city.", SerializerOptions = s_names });

    private static readonly JsonSerializerOptions s_names = new(AIJsonUtilities.DefaultOptions) { Converters = { new System.Text.Json.Serialization.JsonStringEnumConverter<City>() } };

    private enum City
    {
        Bern,
        Basel,
    }
}

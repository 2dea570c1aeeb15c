using System.Text.Json;

namespace Folio.Server.Tests;

/// <summary>The best of several answers, and beams.</summary>
public sealed class SeveralAnswersTests(ServedFixture fixture) : IClassFixture<ServedFixture>
{
    private const string Story = "Once upon a time";

    private Server Server => fixture.Server;

    [Fact]
    public async Task Best_of_answers_the_n_with_the_highest_mean_logprob_and_charges_those()
    {
        Reply all = (await Server.CompleteAsync(new { prompt = Story, n = 5, max_tokens = 10, seed = 4, logprobs = 0 })).Ok();
        string[] expected = [.. Choices(all).OrderByDescending(MeanLogprob).Take(2).Select(Text)];
        Reply best = (await Server.CompleteAsync(new { prompt = Story, n = 2, best_of = 5, max_tokens = 10, seed = 4 })).Ok();
        Assert.Equal(expected, Choices(best).Select(Text));
        Assert.Equal([0, 1], Choices(best).Select(choice => choice.GetProperty("index").GetInt32()));
        Assert.InRange(best.Tokens, 2, 20);
        Assert.Equal(all.Usage.GetProperty("prompt_tokens").GetInt32(), best.Usage.GetProperty("prompt_tokens").GetInt32());
    }

    [Fact]
    public async Task Best_of_n_itself_may_be_streamed()
    {
        Reply stream = (await Server.CompleteAsync(new { prompt = Story, n = 2, best_of = 2, max_tokens = 4, seed = 1, stream = true })).Ok();
        Assert.Equal([0, 1], stream.Events.Select(chunk => chunk.GetProperty("choices")[0].GetProperty("index").GetInt32()).Distinct().Order());
    }

    [Theory]
    [InlineData("false")]
    [InlineData("true")]
    [InlineData("\"never\"")]
    public async Task Beams_come_best_first_and_none_twice(string earlyStopping)
    {
        string body = $$"""{"prompt":"{{Story}}","n":4,"use_beam_search":true,"early_stopping":{{earlyStopping}},"max_tokens":12,"temperature":0,"logprobs":0}""";
        JsonElement[] beams = Choices((await Server.CompleteAsync(body)).Ok());
        Assert.Equal(4, beams.Select(Text).Distinct().Count());
        double[] scores = [.. beams.Select(MeanLogprob)]; // length_penalty 1
        Assert.All(scores.Zip(scores.Skip(1)), pair => Assert.True(pair.First >= pair.Second - 1e-4, string.Join(", ", scores)));

        Reply greedy = (await Server.CompleteAsync(new { prompt = Story, max_tokens = 12, temperature = 0, logprobs = 0 })).Ok();
        Assert.True(scores[0] >= MeanLogprob(greedy.Choice) - 1e-4);
    }

    [Fact]
    public async Task Beams_depend_on_neither_temperature_nor_seed_and_one_beam_is_greedy()
    {
        string[] one = await Beams("\"temperature\":0"), two = await Beams("\"temperature\":2,\"seed\":9");
        Assert.Equal(one, two);
        string greedy = (await Server.CompleteAsync(new { prompt = Story, max_tokens = 8, temperature = 0 })).Ok().Completion;
        Assert.Equal(greedy, (await Server.CompleteAsync(new { prompt = Story, max_tokens = 8, n = 1, use_beam_search = true })).Ok().Completion);

        async Task<string[]> Beams(string more) => [.. Choices((await Server.CompleteAsync($$"""{"prompt":"{{Story}}","n":3,"use_beam_search":true,"max_tokens":8,{{more}}}""")).Ok()).Select(Text)];
    }

    [Fact]
    public async Task Chats_and_several_prompts_have_beams_too()
    {
        Reply chat = (await Server.ChatAsync(new { messages = new[] { new { role = "user", content = "Hello" } }, n = 3, use_beam_search = true, max_tokens = 6 })).Ok();
        Assert.Equal(3, Choices(chat).Select(choice => choice.GetProperty("message").GetProperty("content").GetString()).Distinct().Count());
        Reply several = (await Server.CompleteAsync(new { prompt = new[] { Story, "The dog" }, n = 2, use_beam_search = true, max_tokens = 6, echo = true })).Ok();
        Assert.Equal([0, 1, 2, 3], Choices(several).Select(choice => choice.GetProperty("index").GetInt32()));
        Assert.Equal([true, true, false, false], Choices(several).Select(choice => Text(choice).StartsWith(Story, StringComparison.Ordinal)));
    }

    [Theory]
    [InlineData("1e-44"), InlineData("1e-38"), InlineData("3e38")]
    public async Task A_penalty_at_the_end_of_its_range_is_obeyed_and_no_failure(string penalty)
    {
        foreach (string more in (string[])["\"n\":4,\"use_beam_search\":true", "\"n\":3,\"seed\":1,\"temperature\":0.01", "\"temperature\":0,\"logprobs\":5"]) (await Server.CompleteAsync($$"""{"prompt":"{{Story}}","max_tokens":6,"repetition_penalty":{{penalty}},{{more}}}""")).Ok();
    }

    [Fact]
    public async Task Many_prompts_times_best_of_are_bounded() =>
        (await Server.CompleteAsync(new { prompt = Enumerable.Repeat("x", 100), n = 1, best_of = 11, max_tokens = 1 })).Refused(400, "prompt", "1024");

    private static JsonElement[] Choices(Reply reply) => [.. reply.Json.GetProperty("choices").EnumerateArray()];

    private static string Text(JsonElement choice) => choice.GetProperty("text").GetString()!;

    private static double MeanLogprob(JsonElement choice) => choice.GetProperty("logprobs").GetProperty("token_logprobs").EnumerateArray().Average(value => value.GetDouble());
}

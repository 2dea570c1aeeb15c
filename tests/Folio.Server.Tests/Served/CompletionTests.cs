using System.Text.Json;

namespace Folio.Server.Tests;

public sealed class CompletionTests(ServedFixture fixture) : IClassFixture<ServedFixture>
{
    private const string Story = "Once upon a time";

    private Server Server => fixture.Server;

    [Fact]
    public async Task Texts_and_ids_alone_and_in_lists_are_prompts_and_choices_keep_their_order()
    {
        int[] ids = await Ids(Story), others = await Ids("The dog was");
        string one = await Greedy(Story), two = await Greedy("The dog was");
        Assert.Equal([one, two], await Texts(new[] { Story, "The dog was" }));
        Assert.Equal([one], await Texts(ids));
        Assert.Equal([one, two], await Texts(new[] { ids, others }));

        Reply several = (await Server.CompleteAsync(new { prompt = new[] { Story, "The dog was" }, n = 3, max_tokens = 4, seed = 1, temperature = 1 })).Ok();
        Assert.Equal([0, 1, 2, 3, 4, 5], several.Json.GetProperty("choices").EnumerateArray().Select(choice => choice.GetProperty("index").GetInt32()));
        Assert.Equal(ids.Length + others.Length, several.Usage.GetProperty("prompt_tokens").GetInt32());
        Assert.Equal(24, several.Tokens);

        async Task<string[]> Texts(object prompt) =>
            [.. (await Server.CompleteAsync(new { prompt, max_tokens = 8, temperature = 0 })).Ok().Json.GetProperty("choices").EnumerateArray().Select(choice => choice.GetProperty("text").GetString()!)];
    }

    [Fact]
    public async Task Sixteen_tokens_are_the_default_and_the_model_is_the_one_served()
    {
        Reply reply = (await Server.CompleteAsync(new { prompt = Story, ignore_eos = true })).Ok();
        Assert.Equal(16, reply.Tokens);
        Assert.Equal("demo", reply.Json.GetProperty("model").GetString());
        Assert.Equal("demo-alias", (await Server.CompleteAsync(new { model = "demo-alias", prompt = Story, max_tokens = 1 })).Ok().Json.GetProperty("model").GetString());
    }

    [Fact]
    public async Task The_prompt_and_its_continuation_are_one_text()
    {
        string text = await Greedy(Story);
        Assert.StartsWith(",", text);
        Assert.StartsWith(" ", await Greedy("Once upon a"));
    }

    [Fact]
    public async Task Echo_puts_the_prompt_in_front_with_its_logprobs_and_offsets()
    {
        Reply reply = (await Server.CompleteAsync(new { prompt = Story, echo = true, logprobs = 2, max_tokens = 4, temperature = 0 })).Ok();
        Assert.StartsWith(Story, reply.Completion);
        JsonElement logprobs = reply.Choice.GetProperty("logprobs");
        string[] tokens = [.. logprobs.GetProperty("tokens").EnumerateArray().Select(token => token.GetString()!)];
        int[] offsets = [.. logprobs.GetProperty("text_offset").EnumerateArray().Select(offset => offset.GetInt32())];
        Assert.Equal("<s>", tokens[0]);
        Assert.Equal(JsonValueKind.Null, logprobs.GetProperty("token_logprobs")[0].ValueKind);
        Assert.Equal(JsonValueKind.Null, logprobs.GetProperty("top_logprobs")[0].ValueKind);
        for (int i = 2; i < tokens.Length; i++) Assert.Equal(tokens[i], reply.Completion.Substring(offsets[i], tokens[i].Length)); // 1: the space that SentencePiece put there
        Assert.Equal(0, offsets[1]);
    }

    [Fact]
    public async Task Echo_with_no_tokens_gives_the_prompt_back_and_charges_none()
    {
        Reply reply = (await Server.CompleteAsync(new { prompt = Story, echo = true, logprobs = 1, max_tokens = 0 })).Ok();
        Assert.Equal((Story, "length", 0), (reply.Completion, reply.Choice.GetProperty("finish_reason").GetString(), reply.Tokens));
        Assert.Equal((await Ids(Story)).Length, reply.Choice.GetProperty("logprobs").GetProperty("tokens").GetArrayLength());

        Reply kept = (await Server.CompleteAsync(new { prompt = Story, echo = true, max_tokens = 2, return_token_ids = true, temperature = 0 })).Ok();
        Assert.StartsWith(Story, kept.Completion);
        Assert.Equal(2, kept.Choice.GetProperty("token_ids").GetArrayLength());
    }

    [Theory]
    [InlineData(false)]
    [InlineData(true)]
    public async Task A_stop_string_ends_the_answer_and_is_not_part_of_it_unless_asked(bool include)
    {
        string text = await Greedy(Story, 24);
        string stop = text.Substring(9, 6); // straddles tokens
        Reply reply = (await Server.CompleteAsync(new { prompt = Story, max_tokens = 24, temperature = 0, stop, include_stop_str_in_output = include })).Ok();
        Assert.Equal(include ? text[..15] : text[..9], reply.Completion);
        Assert.Equal(("stop", stop), (reply.Choice.GetProperty("finish_reason").GetString(), reply.Choice.GetProperty("stop_reason").GetString()));

        Reply stream = (await Server.CompleteAsync(new { prompt = Story, max_tokens = 24, temperature = 0, stop, include_stop_str_in_output = include, stream = true })).Ok();
        Assert.Equal(reply.Completion, string.Concat(stream.Events.Select(TextOf)));
        Assert.Equal(stop, stream.Events[^1].GetProperty("choices")[0].GetProperty("stop_reason").GetString());
    }

    [Fact]
    public async Task A_stop_id_is_named_as_the_reason_and_the_end_token_is_not()
    {
        Reply ids = (await Server.CompleteAsync(new { prompt = Story, max_tokens = 3, temperature = 0, return_token_ids = true })).Ok();
        int third = ids.Choice.GetProperty("token_ids")[2].GetInt32();
        Reply stopped = (await Server.CompleteAsync(new { prompt = Story, max_tokens = 24, temperature = 0, stop_token_ids = new[] { third } })).Ok();
        Assert.Equal(("stop", third, 3), (stopped.Choice.GetProperty("finish_reason").GetString(), stopped.Choice.GetProperty("stop_reason").GetInt32(), stopped.Tokens));

        Reply ended = (await Server.ChatAsync(new { messages = new[] { new { role = "user", content = "Thank you!" } }, temperature = 0 })).Ok();
        Assert.Equal(("stop", JsonValueKind.Null), (ended.Choice.GetProperty("finish_reason").GetString(), ended.Choice.GetProperty("stop_reason").ValueKind));
    }

    [Fact]
    public async Task A_prompt_and_answer_that_fill_the_context_work_and_one_more_is_refused_with_the_numbers()
    {
        int prompt = (await Ids(Story)).Length;
        Reply full = (await Server.CompleteAsync(new { prompt = Story, max_tokens = 512 - prompt, ignore_eos = true })).Ok();
        Assert.Equal(512 - prompt, full.Tokens);
        (await Server.CompleteAsync(new { prompt = Story, max_tokens = 513 - prompt })).Refused(400, "max_tokens", "512");
        (await Server.CompleteAsync(new { prompt = Enumerable.Repeat(5, 600) })).Refused(400, "prompt", "512");
        (await Server.CompleteAsync(new { prompt = new string('a', 1_000_000) })).Refused(400, "prompt", "1000000");
    }

    [Fact]
    public async Task Min_tokens_and_ignore_eos_give_exact_lengths()
    {
        object[] chat = [new { role = "user", content = "Thank you!" }];
        int natural = (await Server.ChatAsync(new { messages = chat, temperature = 0 })).Ok().Tokens;
        Assert.Equal(natural + 20, (await Server.ChatAsync(new { messages = chat, temperature = 0, max_tokens = natural + 20, min_tokens = natural + 20 })).Ok().Tokens);
        Assert.Equal(natural + 20, (await Server.ChatAsync(new { messages = chat, temperature = 0, max_tokens = natural + 20, ignore_eos = true })).Ok().Tokens);
    }

    [Fact]
    public async Task A_seed_repeats_an_answer_and_its_samples_differ()
    {
        var request = new { prompt = Story, max_tokens = 12, n = 3, temperature = 1.0, seed = 42 };
        string[] first = Texts(await Server.CompleteAsync(request)), second = Texts(await Server.CompleteAsync(request));
        Assert.Equal(first, second);
        Assert.Equal(3, first.Distinct().Count());

        static string[] Texts(Reply reply) => [.. reply.Ok().Json.GetProperty("choices").EnumerateArray().Select(choice => choice.GetProperty("text").GetString()!)];
    }

    [Fact]
    public async Task Biases_bad_words_and_allowed_ids_rule_the_choice()
    {
        Reply forced = (await Server.CompleteAsync("""{"prompt":"Once upon a time","max_tokens":3,"temperature":0,"logit_bias":{"300":100},"return_token_ids":true}""")).Ok();
        Assert.Equal([300, 300, 300], forced.Choice.GetProperty("token_ids").EnumerateArray().Select(id => id.GetInt32()));
        (await Server.CompleteAsync("""{"prompt":"x","logit_bias":{"dog":1}}""")).Refused(400, "logit_bias", "dog");
        (await Server.CompleteAsync("""{"prompt":"x","logit_bias":{"99999":1}}""")).Refused(400, "logit_bias");

        string text = await Greedy("Once upon a", 1);
        Assert.NotEqual(text, (await Server.CompleteAsync(new { prompt = "Once upon a", max_tokens = 1, temperature = 0, bad_words = new[] { text.Trim() } })).Ok().Completion);
        Reply allowed = (await Server.CompleteAsync(new { prompt = Story, max_tokens = 4, allowed_token_ids = new[] { 400, 401 }, return_token_ids = true })).Ok();
        Assert.All(allowed.Choice.GetProperty("token_ids").EnumerateArray(), id => Assert.Contains(id.GetInt32(), new[] { 400, 401 }));
    }

    [Fact]
    public async Task Logprobs_have_the_chosen_token_first_and_are_probabilities()
    {
        Reply none = (await Server.CompleteAsync(new { prompt = Story, max_tokens = 3, temperature = 0, logprobs = 0 })).Ok();
        Assert.All(none.Choice.GetProperty("logprobs").GetProperty("top_logprobs").EnumerateArray(), top => Assert.Single(top.EnumerateObject()));

        Reply reply = (await Server.CompleteAsync(new { prompt = Story, max_tokens = 3, temperature = 0, logprobs = 5 })).Ok();
        JsonElement logprobs = reply.Choice.GetProperty("logprobs");
        for (int i = 0; i < 3; i++)
        {
            var top = logprobs.GetProperty("top_logprobs")[i].EnumerateObject().ToArray();
            Assert.Equal(5, top.Length);
            Assert.Equal(logprobs.GetProperty("tokens")[i].GetString(), top[0].Name);
            Assert.Equal(top.Max(entry => entry.Value.GetSingle()), logprobs.GetProperty("token_logprobs")[i].GetSingle());
            Assert.InRange(top.Sum(entry => double.Exp(entry.Value.GetDouble())), 0, 1.0001);
        }

        int[] offsets = [.. logprobs.GetProperty("text_offset").EnumerateArray().Select(offset => offset.GetInt32())];
        int[] lengths = [.. logprobs.GetProperty("tokens").EnumerateArray().Select(token => token.GetString()!.Length)];
        Assert.Equal([0, lengths[0], lengths[0] + lengths[1]], offsets);
        (await Server.CompleteAsync(new { prompt = Story, logprobs = 21 })).Refused(400, "logprobs", "20");
    }

    [Fact]
    public async Task Tokens_are_named_by_their_ids_if_asked()
    {
        Reply reply = (await Server.CompleteAsync(new { prompt = Story, max_tokens = 2, temperature = 0, logprobs = 1, return_tokens_as_token_ids = true, return_token_ids = true })).Ok();
        Assert.Equal(
            reply.Choice.GetProperty("token_ids").EnumerateArray().Select(id => $"token_id:{id.GetInt32()}"),
            reply.Choice.GetProperty("logprobs").GetProperty("tokens").EnumerateArray().Select(token => token.GetString()));
    }

    [Fact]
    public async Task Prompt_logprobs_begin_with_null_and_have_the_prompts_own_token_first()
    {
        int[] ids = await Ids(Story);
        var request = new { prompt = Story, max_tokens = 1, prompt_logprobs = 2 };
        JsonElement cold = (await Server.CompleteAsync(request)).Ok().Choice.GetProperty("prompt_logprobs");
        JsonElement warm = (await Server.CompleteAsync(request)).Ok().Choice.GetProperty("prompt_logprobs");
        Assert.Equal(cold.ToString(), warm.ToString());
        Assert.Equal((ids.Length, JsonValueKind.Null), (cold.GetArrayLength(), cold[0].ValueKind));
        for (int i = 1; i < ids.Length; i++)
        {
            JsonProperty first = cold[i].EnumerateObject().First();
            Assert.Equal(ids[i].ToString(), first.Name);
            Assert.Equal(["logprob", "rank", "decoded_token"], first.Value.EnumerateObject().Select(field => field.Name));
        }
    }

    [Fact]
    public async Task A_prompt_is_cut_from_the_left_if_asked()
    {
        int[] ids = await Ids(Story);
        Reply reply = (await Server.CompleteAsync(new { prompt = Story, truncate_prompt_tokens = 2, max_tokens = 1, return_token_ids = true })).Ok();
        Assert.Equal(ids[^2..], reply.Choice.GetProperty("prompt_token_ids").EnumerateArray().Select(id => id.GetInt32()));
    }

    [Fact]
    public async Task The_clients_own_name_becomes_the_id()
    {
        Assert.Equal("cmpl-mine", (await Server.CompleteAsync(new { prompt = Story, max_tokens = 1, request_id = "mine" })).Ok().Json.GetProperty("id").GetString());
        using var request = new HttpRequestMessage(HttpMethod.Post, "/v1/completions") { Headers = { { "X-Request-Id", "theirs" } } };
        request.Content = new StringContent("""{"prompt":"Once","max_tokens":1}""", null, "application/json");
        Assert.Contains("\"cmpl-theirs\"", await (await Server.Http.SendAsync(request)).Content.ReadAsStringAsync());
        Assert.Matches("^cmpl-[0-9a-f]{16}$", (await Server.CompleteAsync(new { prompt = Story, max_tokens = 1 })).Ok().Json.GetProperty("id").GetString());
    }

    internal static string TextOf(JsonElement chunk) => string.Concat(chunk.GetProperty("choices").EnumerateArray().Select(choice => choice.GetProperty("text").GetString()));

    private async Task<string> Greedy(string prompt, int tokens = 8) => (await Server.CompleteAsync(new { prompt, max_tokens = tokens, temperature = 0 })).Ok().Completion;

    private async Task<int[]> Ids(string text) =>
        [.. (await Server.PostAsync("/tokenize", new { prompt = text })).Ok().Json.GetProperty("tokens").EnumerateArray().Select(id => id.GetInt32())];
}

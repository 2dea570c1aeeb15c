using System.Text.Json.Nodes;

namespace Folio.Soak;

/// <summary>One request of a client, and whether and when it leaves before the end.</summary>
internal sealed record RandomRequest(string Path, string Body, bool IsBad, TimeSpan? LeavesAfter)
{
    private const int Vocabulary = 8000, Beginnings = 6, Schemas = 40;

    public static RandomRequest Draw(Random random, int context)
    {
        (string path, JsonObject body) = random.Next(20) switch
        {
            < 10 => ("/v1/completions", Completion(random, context)),
            < 15 => ("/v1/chat/completions", Chat(random, context)),
            < 17 => ("/v1/responses", new JsonObject { ["input"] = Talk(random), ["max_output_tokens"] = Answer(random, context) }),
            < 19 => ("/v1/messages", new JsonObject { ["messages"] = Messages(random), ["max_tokens"] = Answer(random, context) }),
            _ => ("/v1/embeddings", new JsonObject { ["input"] = Prompt(random, context / 3) }),
        };
        if (path != "/v1/embeddings")
        {
            body["temperature"] = random.NextDouble();
            if (!body.ContainsKey("use_beam_search") && !body.ContainsKey("best_of") && random.Next(2) == 0) body["stream"] = true;
        }

        bool isBad = random.Next(40) == 0;
        if (isBad) body[path == "/v1/embeddings" ? "input" : "temperature"] = -1;
        TimeSpan? leaves = random.Next(3) == 0 ? TimeSpan.FromMilliseconds(random.Next(800)) : null;
        return new(path, body.ToJsonString(), isBad, leaves);
    }

    private static JsonObject Completion(Random random, int context)
    {
        var body = new JsonObject { ["prompt"] = Prompt(random, context / 3), ["max_tokens"] = Answer(random, context), ["ignore_eos"] = random.Next(3) > 0 };
        switch (random.Next(10))
        {
            case 0:
                (body["use_beam_search"], body["n"]) = (true, random.Next(2, 5));
                break;
            case 1:
                body["best_of"] = random.Next(2, 5);
                break;
            case 2 or 3:
                body["n"] = random.Next(2, 5);
                break;
            case 4:
                body["logprobs"] = random.Next(4);
                break;
            case 5:
                body["stop"] = new JsonArray(".", "the");
                break;
            case 6:
                body["structured_outputs"] = new JsonObject { ["regex"] = $"[a-z ]{{5,{random.Next(6, 40)}}}" };
                break;
        }

        return body;
    }

    private static JsonObject Chat(Random random, int context)
    {
        var body = new JsonObject { ["messages"] = Messages(random), ["max_tokens"] = Answer(random, context), ["logprobs"] = random.Next(8) == 0 };
        if (random.Next(3) > 0) return body;

        // More schemas than the server keeps compiled.
        var schema = JsonNode.Parse($$$"""{"type":"object","properties":{"name_of_kind_{{{random.Next(Schemas)}}}":{"type":"string","maxLength":30},"age":{"type":"integer"}},"required":["age"],"additionalProperties":false}""");
        body["response_format"] = new JsonObject { ["type"] = "json_schema", ["json_schema"] = new JsonObject { ["name"] = "animal", ["schema"] = schema } };
        return body;
    }

    private static int Answer(Random random, int context) => random.Next(1, context / 2);

    private static JsonArray Messages(Random random) => new(new JsonObject { ["role"] = "user", ["content"] = Talk(random) });

    private static string Talk(Random random) => string.Join(' ', Enumerable.Repeat("Tell me more of the dog.", random.Next(1, 6)));

    /// <summary>Ids, of which some begin alike.</summary>
    private static JsonArray Prompt(Random random, int most)
    {
        var ids = new JsonArray();
        var shared = new Random(random.Next(Beginnings));
        int length = random.Next(1, most), alike = random.Next(length);
        for (int i = 0; i < length; i++) ids.Add((i < alike ? shared : random).Next(3, Vocabulary));
        return ids;
    }
}

using System.Text.Json.Nodes;

namespace Folio.Soak;

/// <summary>One request of a client, and whether and when it leaves before the end.</summary>
internal sealed record RandomRequest(string Path, string Body, bool IsBad, TimeSpan? LeavesAfter)
{
    private const int Vocabulary = 8000, Beginnings = 6;

    public static RandomRequest Draw(Random random, int context)
    {
        int prompt = random.Next(1, context / 3), answer = random.Next(1, context / 2);
        var body = new JsonObject { ["max_tokens"] = answer, ["temperature"] = 0.5 + random.NextDouble(), ["ignore_eos"] = random.Next(3) > 0 };
        bool isChat = random.Next(4) == 0, streams = random.Next(2) == 0;
        if (isChat) body["messages"] = new JsonArray(new JsonObject { ["role"] = "user", ["content"] = string.Join(' ', Enumerable.Repeat("Tell me more of the dog.", random.Next(1, 6))) });
        else body["prompt"] = Prompt(random, prompt);
        switch (random.Next(10))
        {
            case 0 when !streams:
                (body["use_beam_search"], body["n"]) = (true, random.Next(2, 5));
                break;
            case 1 when !streams:
                body["best_of"] = random.Next(2, 5);
                break;
            case 2 or 3:
                body["n"] = random.Next(2, 5);
                break;
            case 4:
                body["logprobs"] = isChat ? true : random.Next(4);
                break;
            case 5:
                body["stop"] = new JsonArray(".", "the");
                break;
        }

        if (body.ContainsKey("use_beam_search")) body.Remove("stop");
        if (streams) body["stream"] = true;
        bool isBad = random.Next(40) == 0;
        if (isBad) body["temperature"] = -1;
        TimeSpan? leaves = random.Next(3) == 0 ? TimeSpan.FromMilliseconds(random.Next(800)) : null;
        return new(isChat ? "/v1/chat/completions" : "/v1/completions", body.ToJsonString(), isBad, leaves);
    }

    /// <summary>Ids, of which some begin alike.</summary>
    private static JsonArray Prompt(Random random, int length)
    {
        var ids = new JsonArray();
        var shared = new Random(random.Next(Beginnings));
        int alike = random.Next(length);
        for (int i = 0; i < length; i++) ids.Add((i < alike ? shared : random).Next(3, Vocabulary));
        return ids;
    }
}

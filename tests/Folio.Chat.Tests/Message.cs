using System.Text;

namespace Folio.Chat.Tests;

/// <summary>What a parser makes of a text, and how it came to it.</summary>
internal sealed class Message
{
    private readonly AssembledMessage _assembled = new();
    private int _count; // calls

    public string Content => _assembled.Content;

    public string Reasoning => _assembled.Reasoning;

    public IReadOnlyList<(string Name, string Arguments)> Calls => [.. _assembled.Calls.Select(call => (call.Name, call.Arguments))];

    public IReadOnlyList<string> Ids => [.. _assembled.Calls.Select(call => call.Id)];

    /// <summary>The deltas, in order.</summary>
    public List<MessageDelta> Deltas { get; } = [];

    public static Message Parse(MessageFormat format, ParserOptions options, params IEnumerable<string> pieces)
    {
        var message = new Message();
        int ids = 0;
        MessageParser parser = format.CreateParser(options with { NewCallId = () => $"id-{ids++}" });
        var answer = new StringBuilder();
        foreach (string piece in pieces)
        {
            answer.Append(piece);
            message.Add(parser.Append(piece));
        }

        message.Add(parser.End());
        string whole = answer.ToString();
        foreach (MessageDelta delta in message.Deltas) RequirePlace(delta, whole);
        return message;
    }

    /// <summary>All that a client sees, to be compared.</summary>
    public override string ToString() =>
        $"content {Content.Length}:{Content}\nreasoning {Reasoning.Length}:{Reasoning}\n"
        + string.Concat(_assembled.Calls.Select(call => $"call {call.Id} {call.Name.Length}:{call.Name} {call.Arguments.Length}:{call.Arguments}\n"));

    /// <summary>Text stands in the answer where it says, but for the new line between two messages of an answer.</summary>
    private static void RequirePlace(MessageDelta delta, string answer)
    {
        if (delta.Kind is not (DeltaKind.Content or DeltaKind.Reasoning)) Assert.Equal((-1, -1), (delta.Start, delta.End));
        else if (!delta.Text.AsSpan().EndsWith(answer.AsSpan(delta.Start..delta.End)) || !delta.Text.AsSpan(0, delta.Text.Length - (delta.End - delta.Start)).IsWhiteSpace()) Assert.Fail($"{delta}");
    }

    private void Add(IReadOnlyList<MessageDelta> deltas)
    {
        foreach (MessageDelta delta in deltas)
        {
            bool isInOrder = delta.Kind switch
            {
                DeltaKind.Call => delta.Index == _count++ && delta.Id is not null,
                DeltaKind.Arguments => delta.Index == _count - 1 && delta.Text.Length > 0,
                _ => delta.Index == -1 && delta.Text.Length > 0,
            };
            if (!isInOrder) Assert.Fail(delta.ToString());
            Deltas.Add(delta);
            _assembled.Add(delta);
        }
    }
}

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
        foreach (string piece in pieces) message.Add(parser.Append(piece));
        message.Add(parser.End());
        return message;
    }

    /// <summary>All that a client sees, to be compared.</summary>
    public override string ToString() =>
        $"content {Content.Length}:{Content}\nreasoning {Reasoning.Length}:{Reasoning}\n"
        + string.Concat(_assembled.Calls.Select(call => $"call {call.Id} {call.Name.Length}:{call.Name} {call.Arguments.Length}:{call.Arguments}\n"));

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

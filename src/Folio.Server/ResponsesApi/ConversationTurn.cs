using System.Text.Json;

namespace Folio.Server;

/// <summary>One exchange of a stored conversation, behind those before it: what came in and what was answered, as JSON lists of items.</summary>
/// <param name="before">The exchange that it follows; null: none.</param>
internal sealed class ConversationTurn(ConversationTurn? before, byte[] input, byte[] output)
{
    /// <summary>What its objects take besides the JSON, about.</summary>
    private const int Overhead = 200;

    public ConversationTurn? Before => before;

    public long Bytes => Overhead + input.Length + output.Length;

    /// <summary>Of all turns up to this one.</summary>
    public long ConversationBytes
    {
        get
        {
            long bytes = 0;
            for (ConversationTurn? turn = this; turn is not null; turn = turn.Before) bytes += turn.Bytes;
            return bytes;
        }
    }

    /// <summary>How many stored responses and later turns need it. The store's own.</summary>
    public int Holders { get; set; }

    /// <summary>The items of all turns up to this one, oldest first.</summary>
    public IEnumerable<JsonElement> Items => Asked.Concat(Parse(output));

    /// <summary>The same without this turn's answer.</summary>
    public IEnumerable<JsonElement> Asked
    {
        get
        {
            var turns = new Stack<ConversationTurn>();
            for (ConversationTurn? turn = before; turn is not null; turn = turn.Before) turns.Push(turn);
            return turns.SelectMany(turn => turn.Own).Concat(Parse(input));
        }
    }

    private IEnumerable<JsonElement> Own => Parse(input).Concat(Parse(output));

    private static JsonElement.ArrayEnumerator Parse(byte[] list) => JsonElement.Parse(list).EnumerateArray();
}
